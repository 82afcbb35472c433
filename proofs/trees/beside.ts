/**
 * The cost follows the tree, not the machine: ending four processes, and finding them, takes as
 * long beside 20,000 others as beside 100, and ending them never blocks the event loop.
 */
import { killTree, type KillTreeOptions, ProcessTree } from "../../mod.ts";
import { grow } from "../../tests/support/trees.ts";
import { type Beat, beatDuring } from "./heartbeat.ts";
import { Bystanders, room } from "./surroundings.ts";
import { median, row } from "./tally.ts";

const REPEATS = 15;
const MOST_RATIO = 1.5;
const MOST_GAP_MS = 5;
const CROWDS = [100, 5000, 20_000];

const WAYS: [string, KillTreeOptions][] = [["default", {}], ["SIGKILL", {
  killSignal: "SIGKILL",
}]];

let failed = false;

/** Runs something with the root of a new tree of four, which leads no session. */
async function withTree<T>(run: (root: number) => T | Promise<T>): Promise<T> {
  const { helper, root } = await grow("wide", 4);
  try {
    return await run(root);
  } finally {
    await helper.end();
  }
}

async function timeEnding(options: KillTreeOptions): Promise<number> {
  return await withTree(async (root) => {
    const start = performance.now();
    await killTree(root, options);
    return performance.now() - start;
  });
}

async function timeFinding(): Promise<number> {
  return await withTree((root) => {
    const start = performance.now();
    const tree = ProcessTree.of(root);
    const ms = performance.now() - start;
    if (tree.size !== 4) throw new Error(`${tree.size} processes instead of 4`);
    tree.close();
    return ms;
  });
}

async function repeat<T>(run: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  // The first runs compile.
  for (let i = -3; i < REPEATS; i++) {
    const result = await run();
    if (i >= 0) results.push(result);
  }
  return results;
}

const first = new Map<string, number>();

/** A row with the median and how often it is that of the smallest crowd. */
function report(crowd: number, what: string, times: number[], gapMs?: number): void {
  const time = median(times);
  if (!first.has(what)) first.set(what, time);
  const ratio = time / first.get(what)!;
  const holds = ratio <= MOST_RATIO && (gapMs ?? 0) <= MOST_GAP_MS;
  if (!holds) failed = true;
  const gap = gapMs === undefined ? "" : gapMs.toFixed(2);
  const cells = [crowd, time.toFixed(2), ratio.toFixed(2), gap];
  console.log(row(what, cells) + (holds ? "" : "  FAILS"));
}

async function measureBeside(crowd: number): Promise<void> {
  const bystanders = await Bystanders.start({ idle: crowd, busy: 0 });
  try {
    for (const [way, options] of WAYS) {
      const times = await repeat(() => timeEnding(options));
      const beats = await repeat<Beat>(() =>
        withTree((root) => beatDuring(() => killTree(root, options)))
      );
      report(crowd, `killTree, ${way}`, times, Math.max(...beats.map(({ gapMs }) => gapMs)));
    }
    report(crowd, "ProcessTree.of", await repeat(timeFinding));
    if (await bystanders.countLost() > 0) failed = true;
  } finally {
    await bystanders.end();
  }
}

console.log(row("", ["others", "ms", "ratio", "longest gap"]));
for (const crowd of CROWDS) {
  const most = room();
  if (crowd > most) console.log(`  ${crowd} others are more than this system has room for`);
  await measureBeside(Math.min(crowd, most));
}
if (failed) process.exitCode = 1;
