/**
 * Trees of every size and temper are gone at the end, every one of them and in every way: politely,
 * without a stop, by force.
 */
import { killTree, type KillTreeOptions, Pidfd, ProcessTree } from "../../mod.ts";
import { grow, statFields } from "../../tests/support/trees.ts";

const TREES: [string, number, ...string[]][] = [
  ["deep", 1],
  ["wide", 10],
  ["binary", 100],
  ["wide", 1000],
  ["wide", 5000],
  ["binary", 5000],
  ["deep", 500],
  ["binary", 1000, "ignore"],
  ["binary", 300, "stop"],
  ["binary", 300, "session"],
  ["binary", 300, "group"],
  ["wide", 1000, "exit"],
  ["fork-loop", 20],
  ["restart", 50],
  ["restart", 50, "ignore"],
  ["double-fork", 2],
  ["tangle", 4],
  ["bomb", 500],
];

const WAYS: [string, KillTreeOptions][] = [
  ["politely", { graceMs: 1000 }],
  ["not stopped", { graceMs: 1000, freeze: false }],
  ["by force", { killSignal: "SIGKILL" }],
];

/** How many of what the helper's first process, which adopts whoever escapes, has below it. */
function leftUnder(guardian: number, other: number): number {
  const tree = ProcessTree.of(guardian);
  const left = [...tree].filter(({ pid, handle }) =>
    pid !== guardian && pid !== other && handle.isAlive()
  );
  tree.close();
  return left.length;
}

let failed = false;
for (const [shape, count, ...behaviours] of TREES) {
  for (const [way, options] of WAYS) {
    const { helper, root, other } = await grow(shape, count, ...behaviours);
    const outsider = shape === "tangle" ? other : 0;
    const guardian = Number(statFields(outsider || root)![1]);
    const handle = Pidfd.open(root);
    const { ended, escaped, durationMs } = await killTree(handle, options);
    const left = leftUnder(guardian, outsider);
    const isGone = escaped.length === 0 && left === 0 && !handle.isAlive();
    // A bomb throws off children between the look and its end: only a stop is sure to hold it.
    if (!isGone && !(shape === "bomb" && way === "not stopped")) failed = true;
    handle.close();
    await helper.end();
    const what = `${[shape, count, ...behaviours].join(" ")} ${way}`;
    const forced = ended.filter(({ forced }) => forced).length;
    console.log(
      `  ${what.padEnd(30)} ${
        `${durationMs.toFixed(0)} ms`.padStart(8)
      }, ${ended.length} ended, ${forced} forced, ${left} left`,
    );
  }
}
if (failed) process.exitCode = 1;
