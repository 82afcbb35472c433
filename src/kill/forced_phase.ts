/**
 * The forced phase of a tree's end: kills until nobody is left who can be killed.
 *
 * @module
 */
import { nextTurn } from "../../ffi/turn.ts";
import { TREE_ANSWERS } from "../../ffi/symbols.ts";
import { SIGKILL } from "../kernel/constants.ts";
import { killCgroup } from "./cgroup_kill.ts";
import type { KillParts } from "./kill_parts.ts";

/**
 * How long those that were killed have to end before others are killed all the same, and before it
 * is looked why.
 */
const END_MS = 250;

/** Kills until nobody is left who can be killed. */
export async function force(parts: KillParts): Promise<void> {
  const { targets, freezer, finder, wait } = parts;
  const findAll = () => finder.findAll(["force"], () => void targets.find());
  await findAll();
  if (forceCgroup(parts)) await untilNobodyEnds(parts);
  while (!targets.isGone) {
    if (await killAll(parts)) break;
    await findAll();
  }
  // Also whoever could be stopped and was not killed, because it could not be signalled before.
  freezer.resumeAll();
  await wait.until(() => targets.isGone);
  // Those whom only a pass over /proc finds may have had time to fork.
  if (await finder.hasGrown()) await force(parts);
}

/** Kills level by level; false where the tree has to be brought to stand again. */
async function killAll(parts: KillParts): Promise<boolean> {
  const { walk, targets, scope, freezer, finder, wait, options } = parts;
  const isAnyway = !options.freeze || !finder.stood;
  freezer.resumeUnsafeToOrder();
  while (true) {
    const { endedCount } = targets;
    const answer = walk.kill(isAnyway, (member) => !scope.isTarget(member));
    noteKilled(parts);
    if (answer === TREE_ANSWERS.done) return true;
    if (answer === TREE_ANSWERS.unsettled) return false;
    if (answer === TREE_ANSWERS.again) await nextTurn();
    else if (isAnyway) return true;
    else await untilOneEnds(parts, endedCount);
    wait.check();
  }
}

/**
 * Whoever does not end for a while, in a sleep that nothing interrupts, keeps the others from being
 * killed no longer.
 */
async function untilOneEnds({ walk, targets, wait }: KillParts, endedCount: number): Promise<void> {
  if (await wait.until(() => targets.endedCount > endedCount, END_MS)) return;
  for (const member of walk.members) {
    if (walk.has(member, "killed")) walk.set(member, "stubborn", true);
  }
}

/** Takes over from the table who was killed, and who refused. */
function noteKilled({ walk, targets }: KillParts): void {
  for (const target of targets.findUnended()) {
    if (walk.has(target.member, "killed")) targets.noteKilled(target);
    // The same once more, to have the kernel's reason.
    else if (walk.has(target.member, "refused") && !target.refusal) targets.send(target, SIGKILL);
  }
}

/**
 * Ends everything at once where the tree has a cgroup of its own: nothing can escape by forking
 * then.
 */
function forceCgroup({ walk, targets }: KillParts): boolean {
  const { cgroup, hidden } = walk;
  if (cgroup === null || hidden > 0) return false;
  const running = targets.find().filter(({ member }) => member.runs());
  if (!killCgroup(cgroup.path, running.map(({ member }) => member))) return false;
  for (const target of running) {
    target.forced = true;
    // The kernel kills whom it has forked meanwhile, too.
    walk.set(target.member, "known", true);
    walk.set(target.member, "killed", true);
  }
  return true;
}

/**
 * Waits until all have ended after the write, or nobody does any more. It does not reach the first
 * of a pid namespace from inside it, one whose first thread has ended while others run, one that is
 * in execve(2) in another thread just then, nor one that was moved to another cgroup right before:
 * these are killed one by one, or refuse.
 */
async function untilNobodyEnds({ walk, targets, wait }: KillParts): Promise<void> {
  for (let count = -1; count !== targets.endedCount;) {
    count = targets.endedCount;
    if (await wait.until(() => targets.isGone, END_MS)) return;
  }
  for (const { member } of targets.find()) {
    walk.set(member, "killed", false);
    walk.set(member, "known", false);
  }
}
