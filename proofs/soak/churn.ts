/**
 * Children, waits, aborts, trees, Workers and reloads of the module at a fixed pace, with this
 * library or without it. Arguments: "library" or "control", and for how many seconds. Prints how
 * many cycles were done.
 */
import { setTimeout } from "node:timers/promises";

const CYCLE_MS = 100;

const [which, seconds] = process.argv.slice(2);
const { child, tree, worker, reload }: typeof import("./library.ts") = which === "library"
  ? await import("./library.ts")
  : await import("./control.ts");

const start = performance.now();
const end = start + Number(seconds) * 1000;
let cycles = 0;
while (performance.now() < end) {
  await Promise.all([child("exits"), child("is killed"), child("is given up")]);
  if (cycles % 10 === 3) await tree();
  if (cycles % 20 === 5) await worker();
  if (cycles % 50 === 7) await reload();
  cycles++;
  await setTimeout(Math.max(0, start + cycles * CYCLE_MS - performance.now()));
}
console.log(cycles);
process.exit();
