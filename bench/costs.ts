/**
 * What calls cost, side by side in one run: ours, the runtime's call by number, and the same system
 * calls in a native loop, which is the limit. They take turns, and the lower quartile of the turns
 * counts, so that a machine that others share slows all of them or none. Prints one table; ratios
 * are what holds from machine to machine.
 */
import { measure } from "mitata";
import { LIBRARIES } from "../ffi/library.ts";
import { Pidfd } from "../mod.ts";
import { nativeLoop, type NativeTimes } from "./native_loop.ts";

const TURNS = 12;

const { deno, bun, node } = process.versions as Record<string, string | undefined>;
const runtime = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;

const handle = Pidfd.self();
const { pid } = handle;

const byNumber = "process.kill(pid, 0)";
const actions: [what: string, action: () => unknown, limit?: keyof NativeTimes][] = [
  ["isAlive()", () => handle.isAlive(), "poll"],
  ["signal(0)", () => handle.signal(0), "signal"],
  ["open + close", () => Pidfd.open(pid).close(), "open_close"],
  [byNumber, () => process.kill(pid, 0)],
];

async function nanoseconds(action: () => unknown): Promise<number> {
  const stats = await measure(action, { min_cpu_time: 60e6 } as never);
  return (stats as unknown as { p50: number }).p50;
}

const times: Record<string, { ours: number[]; limit: number[] }> = {};
for (let turn = 0; turn < TURNS; turn++) {
  const native = await nativeLoop();
  for (const [what, action, limit] of actions) {
    const { ours, limit: limits } = times[what] ??= { ours: [], limit: [] };
    ours.push(await nanoseconds(action));
    if (limit) limits.push(native[limit]);
  }
}
handle.close();

const lowerQuartile = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 2];

console.log(`${runtime.padEnd(24)}      ours    native loop  ratio`);
for (const [what, { ours, limit }] of Object.entries(times)) {
  const cost = lowerQuartile(ours);
  const cells = `${what.padEnd(24)} ${cost.toFixed(0).padStart(6)} ns`;
  if (limit.length === 0) console.log(cells);
  else {
    const least = lowerQuartile(limit);
    const ratio = (cost / least).toFixed(2);
    console.log(`${cells} ${least.toFixed(0).padStart(11)} ns   ${ratio}`);
  }
}
if (runtime.startsWith("Deno")) {
  const sizes = Object.entries(LIBRARIES).map(([cpu, { size }]) => `${cpu} ${size}`);
  console.log(`library bytes: ${sizes.join(", ")}`);
}
