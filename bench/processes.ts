/**
 * Listing all processes, side by side in one run with `ps` asked for the same of each, and with the
 * package that people use. They take turns, so that whatever else the machine does meets all of
 * them; starting `ps` and reading its text is part of their cost, as for every program that uses
 * it. Numbers as arguments say of how many processes; for fewer than the kernel has threads run it
 * in a pid namespace: `unshare --pid --fork --mount-proc node bench/processes.ts 12`.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import psList from "ps-list";
import { processes } from "../mod.ts";
import { grow } from "../tests/support/trees.ts";

const run = promisify(execFile);
const ROUNDS = 30;

const ps = (columns: string) => run("ps", ["-A", "-o", columns], { maxBuffer: 2 ** 27 });

const LISTERS: [string, () => unknown][] = [
  ["processes()", () => processes()],
  ["ps, the same columns", () => ps("pid,ppid,pgid,sid,lstart,stat,nlwp,uid,comm")],
  ["ps, pid and ppid alone", () => ps("pid,ppid")],
  ["ps-list", () => psList()],
];

/** The median of each, in milliseconds. */
async function measure(): Promise<number[]> {
  const times: number[][] = LISTERS.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, [, list]] of LISTERS.entries()) {
      const start = performance.now();
      await list();
      times[index].push(performance.now() - start);
    }
  }
  return times.map((own) => own.toSorted((a, b) => a - b)[ROUNDS >> 1]);
}

const { deno, bun, node } = process.versions as Record<string, string | undefined>;
const runtime = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
const asked = process.argv.slice(2).map(Number);
for (const wanted of asked.length > 0 ? asked : [100, 300, 1000]) {
  const missing = wanted - processes().length;
  const tree = missing > 0 ? await grow("wide", missing) : null;
  const count = processes().length;
  const medians = await measure();
  await tree?.helper.end();
  for (const [index, [name]] of LISTERS.entries()) {
    const ratio = index === 0 ? "" : `${(medians[index] / medians[0]).toFixed(1)} ×`;
    const cells = [`${medians[index].toFixed(2)} ms`.padStart(10), ratio.padStart(8)];
    console.log(`${runtime}, ${count} processes: ${name.padEnd(24)}${cells.join("")}`);
  }
}
