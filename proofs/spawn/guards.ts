/**
 * Contained processes whose guards are killed at random moments, while they start and end too: each
 * has its end reported, and whenever that says that nothing is left, nothing is. Takes the number
 * of rounds.
 */
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import {
  adoptOrphans,
  type Containment,
  type ContainmentKind,
  spawn,
  SpawnFailedError,
} from "../../mod.ts";
import { marked } from "./marked.ts";

const KINDS: readonly ContainmentKind[] = ["guard", "pidns"];
const LIMIT_MS = 10_000;
const LEAVES = `setsid sleep 100 &\n(sleep 100 &)\n(trap "" TERM; sleep 100) &\n`;

const rounds = Number(process.argv.at(-1));
// Whoever is left is this program's to reap.
adoptOrphans({ reap: true });
const killer = new Worker(new URL("guard_killer.ts", import.meta.url));
const count = { refused: 0, hung: 0, settled: 0, unsettled: 0, wrong: 0, left: 0 };

/** How it ended; null where nothing was started. */
async function run(env: Record<string, string>, kind: ContainmentKind, round: number) {
  const script = `${LEAVES}${round % 4 === 0 ? "exit 0" : "exec sleep 100"}`;
  try {
    const child = spawn("sh", ["-c", script], {
      ...{ env, lifetime: "contained", containment: kind, stdout: "null", graceMs: 10 },
    });
    await setTimeout(Math.random() * 12);
    if (round % 3 === 0) await child.terminate();
    await child.status;
    return await child.contained!;
  } catch (error) {
    if (!(error instanceof SpawnFailedError)) throw error;
    return null;
  }
}

/** Whoever is left of it; those of a guard that was killed may be. */
function judge(contained: Containment | null, kind: ContainmentKind, mark: string) {
  const left = marked(mark);
  if (contained === null) count.refused++;
  else if (contained.settled) count.settled++;
  else count.unsettled++;
  const isHeld = contained?.settled || kind === "pidns";
  if (isHeld && left.length > 0) count.wrong++;
  count.left += left.length;
  for (const pid of left) process.kill(pid, "SIGKILL");
}

for (let round = 0; round < rounds; round++) {
  const mark = randomUUID();
  const kind = KINDS[round % KINDS.length];
  const late = new AbortController();
  const limit = setTimeout(LIMIT_MS, "hung" as const, { signal: late.signal });
  limit.catch(() => {});
  const end = await Promise.race([run({ PIDFD_PROOF: mark }, kind, round), limit]);
  late.abort();
  if (end === "hung") count.hung++;
  else judge(end, kind, mark);
}
await killer.terminate();
console.log(`  ${rounds} guards killed at random moments: ${JSON.stringify(count)}`);
const isKilled = count.unsettled > 0 && count.settled > 0;
process.exitCode = isKilled && count.hung === 0 && count.wrong === 0 ? 0 : 1;
