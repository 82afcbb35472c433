/**
 * Ends a tree: asks, waits, forces, waits until the last one is gone, and keeps the record of it.
 *
 * @module
 */
import { startTimer } from "../ffi/timer.ts";
import { reapAdopted } from "./adopting.ts";
import { waitsOf } from "./awaiting.ts";
import { killCgroup } from "./cgroup_kill.ts";
import { SIGKILL } from "./constants.ts";
import { statusOf } from "./ending.ts";
import { PidfdError } from "./errors.ts";
import { type ExitStatus, UNKNOWN } from "./exit.ts";
import { deepestFirst, Freezing } from "./freezing.ts";
import type { Member } from "./member.ts";
import { native } from "./native.ts";
import { sendKill, sendSignal } from "./signalling.ts";
import type { TreeEnd, TreeEscape, TreeReport } from "./tree_report.ts";
import type { Walk } from "./walk.ts";

/** What was asked for, checked. */
export interface KillingOptions {
  readonly killSignal: number;
  readonly graceMs: number;
  readonly statusMs: number;
  readonly freeze: boolean;
  readonly includeRoot: boolean;
  readonly includeSelf: boolean;
  readonly reapAdopted: boolean;
  readonly signal?: AbortSignal;
  readonly onEnd?: (end: TreeEnd) => void;
  /** Whether the handle of what has ended may be closed, so that a long fight takes no more descriptors. */
  readonly closes: boolean;
}

/** What is known of a member that ran when it was first looked at. */
interface Target {
  member: Member;
  asked: boolean;
  forced: boolean;
  afterMs: number | null;
  status: ExitStatus;
  refusal?: PidfdError;
  /** Takes back the waits for it. */
  forget: (() => void)[];
}

/** A tree that forks at full speed is not followed for ever before the first signal. */
const MAX_ROUNDS = 64;

/** When to look for new children of those that do not end; then after twice the time, and so on. */
const FIRST_LOOK_MS = 50;

/** How long nobody has to end before those are looked after whom a write to cgroup.kill did not reach. */
const CGROUP_MS = 250;

/** One tree's end. */
export class Killing {
  readonly #walk: Walk;
  readonly #options: KillingOptions;
  readonly #start: number = performance.now();
  readonly #targets = new Map<Member, Target>();
  /** Those that run, and that were not refused. */
  readonly #running = new Set<Target>();
  readonly #ended: Target[] = [];
  readonly #freezing: Freezing;
  #untold = 0;
  #failure: { reason: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(walk: Walk, options: KillingOptions) {
    this.#walk = walk;
    this.#options = options;
    this.#freezing = new Freezing(walk, (member) => this.#isTarget(member));
  }

  /** Resolves when the last one is gone; rejects when it is aborted. */
  async run(): Promise<TreeReport> {
    const { signal, killSignal } = this.#options;
    const onAbort = () => this.#fail(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const isGone = killSignal !== SIGKILL && await this.#askAndWait();
      if (!isGone) { while (this.#isAnyoneLeft()) await this.#force(); }
      this.#reapAll();
      await this.#until(() => this.#untold === 0, this.#options.statusMs);
      await this.#endSelf();
      return this.report();
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#freezing.thaw();
      for (const { forget } of this.#targets.values()) forget.forEach((take) => take());
    }
  }

  /** What has become of the tree until now. */
  report(): TreeReport {
    return {
      ended: this.#ended.map(endOf),
      escaped: [...this.#targets.values()].filter(({ afterMs }) => afterMs === null).map((target) =>
        this.#escapeOf(target)
      ),
      hidden: this.#walk.hidden,
      durationMs: performance.now() - this.#start,
    };
  }

  /** Answers whether everything is gone before the grace is over. */
  async #askAndWait(): Promise<boolean> {
    const { freeze, graceMs } = this.#options;
    if (freeze) await this.#freezeAll();
    else this.#walk.settle(MAX_ROUNDS);
    const end = performance.now() + graceMs;
    this.#ask();
    for (let pauseMs = FIRST_LOOK_MS;; pauseMs *= 2) {
      const left = Math.max(0, Math.ceil(end - performance.now()));
      const isGone = await this.#until(() => this.#running.size === 0, Math.min(pauseMs, left));
      if (!isGone && left <= pauseMs) return false;
      // Somebody may have started others since, before it ended or because it does not mean to.
      if (!this.#isAnyoneLeft()) return true;
      this.#ask();
    }
  }

  /** Whoever runs by now is told of, also where it ends while the others are stopped. */
  async #freezeAll(): Promise<void> {
    this.#walk.settle(1);
    this.#findTargets();
    await this.#freezing.freeze(() => this.#check());
  }

  /** Asks everything that was not asked. */
  #ask(): void {
    this.#freezing.untangle();
    const targets = this.#findTargets().filter(({ asked }) => !asked);
    // A parent goes before its children, or it would start them again; what is frozen starts nothing.
    for (const target of this.#options.freeze ? deepestFirst(targets) : targets) {
      target.asked = true;
      this.#send(target, this.#options.killSignal);
      // The signal is there when it goes on: most end without another step.
      this.#freezing.letGo(target.member);
    }
    this.#freezing.thaw();
  }

  /** What is to be killed is stopped first: so it can't have children between the last look and its end. */
  async #force(): Promise<void> {
    if (this.#forceCgroup() && await this.#untilNobodyEnds()) return;
    await this.#freezing.freeze(() => this.#check());
    this.#freezing.untangle();
    for (const target of deepestFirst(this.#findTargets())) {
      if (this.#send(target, SIGKILL)) target.forced = true;
    }
    // Also whoever could be stopped and was not killed, because it could not be signalled before.
    this.#freezing.thaw();
    await this.#until(() => this.#running.size === 0);
  }

  /** Ends everything at once where the tree has a cgroup of its own: nothing can escape by forking then, nor is stopped. */
  #forceCgroup(): boolean {
    const { cgroup, hidden } = this.#walk;
    if (cgroup === null || hidden > 0) return false;
    const targets = this.#findTargets().filter(({ member }) => member.runs());
    if (!killCgroup(cgroup.path, targets.map(({ member }) => member))) return false;
    for (const target of targets) target.forced = true;
    return true;
  }

  /**
   * Answers whether all have ended after the write, or nobody does any more. It does not reach the first of a pid namespace from
   * inside it, one whose first thread has ended while others run, one that is in execve(2) in another thread just then, nor one that
   * was moved to another cgroup right before: these are ended one by one, or refuse.
   */
  async #untilNobodyEnds(): Promise<boolean> {
    for (let count = -1; count !== this.#ended.length;) {
      count = this.#ended.length;
      if (await this.#until(() => this.#running.size === 0, CGROUP_MS)) return true;
    }
    return false;
  }

  /** Whether anybody runs who can be ended, also of those that appeared since the last look. */
  #isAnyoneLeft(): boolean {
    this.#walk.settle(MAX_ROUNDS);
    this.#findTargets();
    return this.#running.size > 0;
  }

  /** Those that run and may be ended; waits for the new ones among them. */
  #findTargets(): Target[] {
    for (const member of this.#walk.members) {
      if (!this.#targets.has(member) && this.#isMeant(member) && member.runs()) this.#watch(member);
    }
    return [...this.#running].filter(({ member }) => this.#isTarget(member));
  }

  #watch(member: Member): void {
    const target: Target = {
      member,
      asked: false,
      forced: false,
      afterMs: null,
      status: UNKNOWN,
      forget: [],
    };
    this.#targets.set(member, target);
    if (!this.#isTarget(member)) return;
    const onFailure = (reason: unknown) => this.#fail(reason);
    const waits = waitsOf(member.pinned);
    this.#running.add(target);
    this.#untold++;
    target.forget.push(
      waits.listen("exited", (status) => this.#onExit(target, status), onFailure),
      waits.listen("told", (status) => this.#onTold(target, status), onFailure),
    );
  }

  #onExit(target: Target, status: ExitStatus): void {
    target.afterMs = performance.now() - this.#start;
    const { pinned } = target.member;
    // A runtime that has seen its child's end first leaves it to us to ask.
    target.status = status.known || !pinned.child ? status : statusOf(pinned) ?? UNKNOWN;
    this.#running.delete(target);
    this.#ended.push(target);
    this.#options.onEnd?.(endOf(target));
    if (this.#running.size === 0) this.#wake();
  }

  #onTold(target: Target, status: ExitStatus): void {
    if (status.known) target.status = status;
    this.#reap(target);
    // One that may not be signalled was taken out of the count when it refused, and may end all the same.
    if (!target.refusal) this.#untold--;
    if (this.#options.closes) target.member.pinned.close();
    if (this.#untold === 0) this.#wake();
  }

  /** Whoever ended before its parent did was given to us only then; some had ended before the call, and were no targets. */
  #reapAll(): void {
    for (const target of this.#ended) this.#reap(target);
    if (!this.#options.reapAdopted) return;
    for (const member of this.#walk.members) if (!member.runs()) reapAdopted(member);
  }

  #reap(target: Target): void {
    if (!this.#options.reapAdopted) return;
    const status = reapAdopted(target.member);
    if (status) target.status = status;
  }

  /** Answers whether it was sent. */
  #send(target: Target, number: number): boolean {
    try {
      const { pinned } = target.member;
      return number === SIGKILL ? sendKill(pinned) : sendSignal(pinned, number);
    } catch (error) {
      if (!(error instanceof PidfdError)) throw error;
      // There is no use in waiting for one that may not be ended.
      target.refusal = error;
      this.#untold--;
      this.#running.delete(target);
      return false;
    }
  }

  /** Ends this process, where it is meant too: the last of all, because it can't go on with the others once it is stopped or gone. */
  async #endSelf(): Promise<void> {
    const self = this.#walk.members.find((member) => isSelf(member));
    if (!self || this.#isSpared(self)) return;
    this.#freezing.thaw();
    const { killSignal, graceMs } = this.#options;
    sendSignal(self.pinned, killSignal);
    // Its own handler may have things to do, and nothing else may keep the program alive.
    const keepAlive = setTimeout(() => {}, graceMs);
    await this.#until(() => false, graceMs).finally(() => clearTimeout(keepAlive));
    sendSignal(self.pinned, SIGKILL);
  }

  /** Whether it is to be stopped, signalled and waited for with the others. */
  #isTarget(member: Member): boolean {
    return !this.#isSpared(member) && !isSelf(member);
  }

  #isMeant(member: Member): boolean {
    return this.#options.includeRoot || member !== this.#walk.root;
  }

  #isSpared(member: Member): boolean {
    if (!this.#isMeant(member)) return true;
    return !this.#options.includeSelf && this.#walk.ancestors.has(member.pid);
  }

  /** Resolves with true when the question is answered with yes, with false when the time is up. */
  async #until(isDone: () => boolean, timeoutMs?: number): Promise<boolean> {
    this.#check();
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

  #escapeOf(target: Target): TreeEscape {
    const { member: { pid, name, depth }, refusal } = target;
    if (refusal) return { pid, name, depth, reason: "refused", error: refusal };
    return { pid, name, depth, reason: this.#isSpared(target.member) ? "spared" : "running" };
  }
}

/** Whether it is this process. */
function isSelf({ pid }: Member): boolean {
  return pid === native().own_pid();
}

function endOf({ member: { pid, name, depth }, status, forced, afterMs }: Target): TreeEnd {
  return { pid, name, depth, status, forced, afterMs: afterMs! };
}
