/** How long the event loop is blocked. */
import { readFileSync } from "node:fs";

/** What a call returned, and the longest time that the event loop did not turn meanwhile. */
export interface Beat {
  ms: number;
  gapMs: number;
}

/** How long this thread was ready to run while others had the CPU, where the kernel counts it. */
function waitedMs(): number {
  try {
    return Number(readFileSync("/proc/self/schedstat", "latin1").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** Beats as fast as the event loop turns until a call's promise is settled. */
export async function beatDuring(call: () => Promise<unknown>): Promise<Beat> {
  let gapMs = 0;
  let isOver = false;
  let last = performance.now();
  let waited = waitedMs();
  const beat = () => {
    const waitedNow = waitedMs();
    const now = performance.now();
    gapMs = Math.max(gapMs, now - last - (waitedNow - waited));
    [last, waited] = [now, waitedNow];
    if (!isOver) setImmediate(beat);
  };
  setImmediate(beat);
  const start = performance.now();
  await call();
  const ms = performance.now() - start;
  isOver = true;
  beat();
  return { ms, gapMs };
}
