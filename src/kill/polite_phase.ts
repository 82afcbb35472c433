/**
 * The polite phase of a tree's end: sends each member the signal that it may act on, and waits for
 * the grace.
 *
 * @module
 */
import { now } from "../../ffi/timer.ts";
import { Pace } from "../../ffi/turn.ts";
import { INT_MAX } from "../kernel/constants.ts";
import { isDeadly } from "./deadly.ts";
import type { KillParts } from "./kill_parts.ts";
import type { KillTarget } from "./kill_target.ts";

/** When to look for new children of those that do not end; then after twice the time, and so on. */
const FIRST_LOOK_MS = 50;

/** Returns whether everything is gone before the grace is over. */
export async function askAndWait(parts: KillParts): Promise<boolean> {
  const { targets, finder, wait, options: { graceMs } } = parts;
  // At once: whoever runs by now is reported, also where another call for this tree ends it
  // meanwhile.
  const onStep = () => void targets.find();
  await finder.findAll([], onStep);
  const end = now() + graceMs;
  await ask(parts);
  for (let pauseMs = FIRST_LOOK_MS;; pauseMs *= 2) {
    const left = Math.max(0, Math.ceil(end - now()));
    const waitMs = Math.min(pauseMs, left, INT_MAX);
    const isGone = await wait.until(() => targets.isGone, waitMs);
    if (!isGone && left <= pauseMs) return false;
    // Somebody may have started others since, before it ended or because it does not mean to.
    if (await finder.hasGrown()) await finder.findAll([], onStep);
    targets.find();
    if (targets.isGone) return true;
    await ask(parts);
  }
}

/** Asks everything that was not asked. */
async function ask({ walk, targets, freezer, wait, options }: KillParts): Promise<void> {
  wait.check();
  const pace = new Pace();
  const { freeze, killSignal } = options;
  freezer.resumeUnsafeToOrder();
  const unasked = targets.find().filter(({ asked }) => !asked);
  // A parent goes before its children, or it would start them again; what is stopped starts
  // nothing.
  const byDepth = (a: KillTarget, b: KillTarget) => b.member.depth - a.member.depth;
  for (const target of freeze ? unasked.toSorted(byDepth) : unasked) {
    target.asked = true;
    const isSent = targets.send(target, killSignal);
    // The signal is pending when it is resumed: one that it ends takes no other step.
    const willEnd = isSent && isDeadly(killSignal, walk.detailsOf(target.member));
    if (isSent) freezer.resumeSignalled(target.member, willEnd);
    else freezer.resume(target.member);
    if (pace.isDue) await wait.rest(pace);
  }
  freezer.resumeAll();
}
