/**
 * Who may have slipped away from a tree: a process that forks and ends before its children could be listed leaves orphans that
 * nothing ties to the tree any more.
 *
 * @module
 */
import { native } from "../kernel/native.ts";
import { nameOf, Proc, startTicksOf } from "../proc/scan.ts";
import type { LostTime } from "./table.ts";
import type { TreeOrphan } from "./tree_report.ts";
import type { Walk } from "./walk.ts";

/**
 * Those that were started in that time, and whose parent is one to whom orphans of the tree are re-parented: a child subreaper above
 * the root, or pid 1. Others than the tree's may be among them.
 */
export function* findLostOrphans(
  walk: Walk,
  { since, until }: LostTime,
): Generator<void, TreeOrphan[]> {
  const known = new Set(walk.members.filter((one) => one.holdsPid()).map(({ pid }) => pid));
  const reapers = new Set([1, ...walk.rootAncestors]);
  if (!mayAdopt()) reapers.delete(native().own_pid());
  const orphans: TreeOrphan[] = [];
  const proc = new Proc();
  try {
    yield* proc.passInSteps(false, (process) => {
      const pid = process.number("pid");
      const startTicks = startTicksOf(process);
      // Clock ticks are coarse: it may have been started in the same one.
      if (startTicks < since - 1 || startTicks > until + 1 || known.has(pid)) return;
      if (reapers.has(process.number("ppid"))) orphans.push({ pid, name: nameOf(process) });
    });
  } finally {
    proc.close();
  }
  return orphans;
}

/** Whether orphans are re-parented to this process. */
function mayAdopt(): boolean {
  return native().own_pid() === 1 || native().subreaper(-1) === 1;
}
