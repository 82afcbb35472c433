/**
 * Ends a tree: asks, waits, kills, and waits until the last one is gone.
 *
 * @module
 */
import { now, startTimer } from "../../ffi/timer.ts";
import { inTurns, nextTurn, Pace } from "../../ffi/turn.ts";
import { TREE_ANSWERS } from "../../ffi/symbols.ts";
import { INT_MAX, SIGKILL } from "../kernel/constants.ts";
import { countForks } from "../proc/forks.ts";
import { sendSignal } from "../process/signalling.ts";
import { killCgroup } from "./cgroup_kill.ts";
import { isDeadly } from "./deadly.ts";
import { Freezer } from "./freezer.ts";
import { findLostOrphans } from "./lost_orphans.ts";
import { isSelf, type Target, Targets, type TargetsOptions } from "./targets.ts";
import type { TreeOrphan, TreeReport } from "./tree_report.ts";
import type { Walk } from "./walk.ts";

/** What was asked for, checked. */
export interface KillerOptions extends TargetsOptions {
  readonly killSignal: number;
  readonly graceMs: number;
  readonly statusMs: number;
  readonly freeze: boolean;
  readonly signal?: AbortSignal;
}

/** How long a tree is followed that can't be brought to stand. */
const STAND_MS = 10_000;

/** When to look for new children of those that do not end; then after twice the time, and so on. */
const FIRST_LOOK_MS = 50;

/**
 * How long those that were killed have to end before others are killed all the same, and before it
 * is looked why.
 */
const END_MS = 250;

/** How long the runtime has to report how its child ended, which it does within a turn or two. */
const RUNTIME_MS = 10;

/** One tree's end. */
export class Killer {
  readonly #walk: Walk;
  readonly #options: KillerOptions;
  readonly #targets: Targets;
  readonly #freezer: Freezer;
  #failure: { reason: unknown } | undefined;
  /** Whether the tree stood, when that was tried last. */
  #stood = true;
  /** Whether nothing else hides who may be left: the root ran, and all orphans could be read. */
  #isSure: boolean;
  /**
   * How many were ever forked on this machine when the tree stood for the first time; null if that
   * is not known.
   */
  #forks: number | null = null;
  #isFirst = true;
  #orphans: readonly TreeOrphan[] = [];
  #wake: () => void = () => {};

  constructor(walk: Walk, options: KillerOptions) {
    this.#walk = walk;
    this.#isSure = walk.root.runs();
    this.#options = options;
    this.#targets = new Targets(walk, options, {
      onEnd: () => this.#wake(),
      onFailure: (reason) => this.#fail(reason),
    });
    this.#freezer = new Freezer(walk, (member) => !this.#targets.isTarget(member));
  }

  /** Resolves when the last one is gone; rejects when it is aborted. */
  async run(): Promise<TreeReport> {
    const { signal, killSignal } = this.#options;
    const onAbort = () => this.#fail(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const isGone = killSignal !== SIGKILL && await this.#askAndWait();
      if (!isGone) await this.#force();
      await this.#targets.reapAll(() => this.#check());
      await this.#waitForStatuses();
      await this.#lookForOrphans();
      await this.#endSelf();
      return this.report();
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#freezer.thaw();
      this.#targets.forget();
    }
  }

  /** What has become of the tree until now. */
  report(): TreeReport {
    const report = this.#targets.report();
    const isSure = this.#isSure && this.#stood && this.#options.freeze;
    const settled = isSure && this.#orphans.length === 0 &&
      // Whoever refuses runs on, and may fork at any time.
      report.escaped.every(({ reason }) => reason !== "refused");
    return { ...report, settled, orphans: this.#orphans };
  }

  /** Answers whether everything is gone before the grace is over. */
  async #askAndWait(): Promise<boolean> {
    const { graceMs } = this.#options;
    await this.#findAll([]);
    const end = now() + graceMs;
    await this.#ask();
    for (let pauseMs = FIRST_LOOK_MS;; pauseMs *= 2) {
      const left = Math.max(0, Math.ceil(end - now()));
      const waitMs = Math.min(pauseMs, left, INT_MAX);
      const isGone = await this.#until(() => this.#targets.isGone, waitMs);
      if (!isGone && left <= pauseMs) return false;
      // Somebody may have started others since, before it ended or because it does not mean to.
      if (await this.#hasGrown()) await this.#findAll([]);
      this.#targets.find();
      if (this.#targets.isGone) return true;
      await this.#ask();
    }
  }

  /** Finds everybody, and stops them unless that is not wanted. */
  async #findAll(options: readonly ("force")[]): Promise<void> {
    const first = this.#isFirst ? ["fresh"] as const : [];
    this.#isFirst = false;
    // At once: whoever runs by now is reported, also where another call for this tree ends it
    // meanwhile.
    const onStep = () => void this.#targets.find();
    if (this.#options.freeze) {
      await this.#stand([...first, ...options], onStep);
      if (first.length > 0) this.#forks = countForks();
    } else await inTurns(this.#walk.looking(first), () => this.#check(), onStep);
  }

  async #stand(options: readonly ("fresh" | "force")[], onStep: () => void): Promise<void> {
    const end = now() + STAND_MS;
    const isTimeUp = Symbol();
    const check = () => {
      this.#check();
      if (now() > end) throw isTimeUp;
    };
    this.#stood = true;
    try {
      await this.#freezer.stand(options, check, onStep);
    } catch (error) {
      if (error !== isTimeUp) throw error;
      this.#stood = false;
    }
  }

  /** Looks without stopping anybody; whether somebody is new. */
  async #hasGrown(): Promise<boolean> {
    const known = this.#walk.members.length;
    const { freeze } = this.#options;
    // Whoever forks on is not followed: the tree is stopped then.
    const steps = this.#walk.looking(freeze ? ["counts"] : [], freeze ? 1 : undefined);
    await inTurns(steps, () => this.#check());
    return this.#walk.members.slice(known).some((member) => member.runs());
  }

  /** Asks everything that was not asked. */
  async #ask(): Promise<void> {
    this.#check();
    const pace = new Pace();
    const { freeze, killSignal } = this.#options;
    this.#freezer.untangle();
    const targets = this.#targets.find().filter(({ asked }) => !asked);
    // A parent goes before its children, or it would start them again; what is stopped starts
    // nothing.
    const byDepth = (a: Target, b: Target) => b.member.depth - a.member.depth;
    for (const target of freeze ? targets.toSorted(byDepth) : targets) {
      target.asked = true;
      const isSent = this.#targets.send(target, killSignal);
      // The signal is pending when it is resumed: one that it ends takes no other step.
      const willEnd = isSent && isDeadly(killSignal, this.#walk.detailsOf(target.member));
      if (isSent) this.#freezer.resumeSignalled(target.member, willEnd);
      else this.#freezer.resume(target.member);
      if (pace.isDue) await this.#rest(pace);
    }
    this.#freezer.thaw();
  }

  /** Kills until nobody is left who can be killed. */
  async #force(): Promise<void> {
    await this.#findAll(["force"]);
    if (this.#forceCgroup()) await this.#untilNobodyEnds();
    while (!this.#targets.isGone) {
      if (await this.#killAll()) break;
      await this.#findAll(["force"]);
    }
    // Also whoever could be stopped and was not killed, because it could not be signalled before.
    this.#freezer.thaw();
    await this.#until(() => this.#targets.isGone);
    // Those whom only a pass over /proc finds may have had time to fork.
    if (await this.#hasGrown()) await this.#force();
  }

  /** Kills level by level; false where the tree has to be brought to stand again. */
  async #killAll(): Promise<boolean> {
    const isAnyway = !this.#options.freeze || !this.#stood;
    this.#freezer.untangle();
    while (true) {
      const { endedCount } = this.#targets;
      const answer = this.#walk.kill(isAnyway, (member) => !this.#targets.isTarget(member));
      this.#noteKilled();
      if (answer === TREE_ANSWERS.done) return true;
      if (answer === TREE_ANSWERS.unsettled) return false;
      if (answer === TREE_ANSWERS.again) await nextTurn();
      else if (isAnyway) return true;
      else await this.#untilOneEnds(endedCount);
      this.#check();
    }
  }

  /**
   * Whoever does not end for a while, in a sleep that nothing interrupts, keeps the others from
   * being killed no longer.
   */
  async #untilOneEnds(endedCount: number): Promise<void> {
    if (await this.#until(() => this.#targets.endedCount > endedCount, END_MS)) return;
    for (const member of this.#walk.members) {
      if (this.#walk.has(member, "killed")) this.#walk.set(member, "stubborn", true);
    }
  }

  /** Takes over from the table who was killed, and who refused. */
  #noteKilled(): void {
    for (const target of this.#targets.findUnended()) {
      if (this.#walk.has(target.member, "killed")) this.#targets.noteKilled(target);
      // The same once more, to have the kernel's reason.
      else if (this.#walk.has(target.member, "refused") && !target.refusal) {
        this.#targets.send(target, SIGKILL);
      }
    }
  }

  /**
   * Ends everything at once where the tree has a cgroup of its own: nothing can escape by forking
   * then.
   */
  #forceCgroup(): boolean {
    const { cgroup, hidden } = this.#walk;
    if (cgroup === null || hidden > 0) return false;
    const targets = this.#targets.find().filter(({ member }) => member.runs());
    if (!killCgroup(cgroup.path, targets.map(({ member }) => member))) return false;
    for (const target of targets) {
      target.forced = true;
      // The kernel kills whom it has forked meanwhile, too.
      this.#walk.set(target.member, "known", true);
      this.#walk.set(target.member, "killed", true);
    }
    return true;
  }

  /**
   * Waits until all have ended after the write, or nobody does any more. It does not reach the
   * first of a pid namespace from inside it, one whose first thread has ended while others run, one
   * that is in execve(2) in another thread just then, nor one that was moved to another cgroup
   * right before: these are killed one by one, or refuse.
   */
  async #untilNobodyEnds(): Promise<void> {
    for (let count = -1; count !== this.#targets.endedCount;) {
      count = this.#targets.endedCount;
      if (await this.#until(() => this.#targets.isGone, END_MS)) return;
    }
    for (const { member } of this.#targets.find()) {
      this.#walk.set(member, "killed", false);
      this.#walk.set(member, "known", false);
    }
  }

  /**
   * The runtime reports how its child ended; of others, who may never be reaped, it is waited for
   * as asked.
   */
  async #waitForStatuses(): Promise<void> {
    const { statusMs } = this.#options;
    await this.#until(() => this.#targets.isTold, statusMs);
    const { root } = this.#walk;
    if (root.pinned.child) await this.#until(() => this.#targets.isToldOf(root), RUNTIME_MS);
  }

  /**
   * Where somebody ended who may have left children, it is looked who was re-parented since, unless
   * nobody was forked.
   */
  async #lookForOrphans(): Promise<void> {
    const lost = this.#options.freeze ? this.#walk.findLost() : null;
    if (lost === null) return;
    const nobodyForked = this.#forks !== null && this.#forks === countForks();
    if (lost.wereKnown && nobodyForked) return;
    const steps = findLostOrphans(this.#walk, lost);
    const { orphans, isCertain } = await inTurns(steps, () => this.#check());
    this.#orphans = orphans;
    this.#isSure &&= isCertain;
  }

  /**
   * Ends this process, where it is meant too: the last of all, because it can't go on with the
   * others once it is stopped or gone.
   */
  async #endSelf(): Promise<void> {
    const self = this.#walk.members.find((member) => isSelf(member));
    if (!self || this.#targets.isSpared(self)) return;
    this.#freezer.thaw();
    const { killSignal, graceMs } = this.#options;
    sendSignal(self.pinned, killSignal);
    // Its own handler may have things to do, and nothing else may keep the program alive.
    const keepAlive = setInterval(() => {}, INT_MAX);
    const limitMs = graceMs === Infinity ? undefined : graceMs;
    await this.#until(() => false, limitMs).finally(() => clearInterval(keepAlive));
    sendSignal(self.pinned, SIGKILL);
  }

  async #rest(pace: Pace): Promise<void> {
    await pace.rest();
    this.#check();
    this.#walk.checkOpen();
  }

  /** Resolves with true when the question is answered with yes, with false when the time is up. */
  async #until(isDone: () => boolean, timeoutMs?: number): Promise<boolean> {
    this.#check();
    if (isDone()) return true;
    if (timeoutMs === 0) return false;
    let isTimeUp = false;
    const stop = timeoutMs === undefined ? () => {} : startTimer(timeoutMs, () => {
      isTimeUp = true;
      this.#wake();
    });
    try {
      while (!isDone() && !isTimeUp) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        this.#check();
      }
      return isDone();
    } finally {
      stop();
    }
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#wake();
  }

  #check(): void {
    if (this.#options.signal?.aborted) throw this.#options.signal.reason;
    if (this.#failure) throw this.#failure.reason;
  }
}
