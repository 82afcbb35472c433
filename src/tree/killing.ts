/**
 * Ends a tree: asks, waits, forces, and waits until the last one is gone.
 *
 * @module
 */
import { startTimer } from "../../ffi/timer.ts";
import { SIGKILL } from "../kernel/constants.ts";
import { sendSignal } from "../process/signalling.ts";
import { killCgroup } from "./cgroup_kill.ts";
import { deepestFirst, Freezing } from "./freezing.ts";
import { isSelf, Targets, type TargetsOptions } from "./targets.ts";
import type { TreeReport } from "./tree_report.ts";
import type { Walk } from "./walk.ts";

/** What was asked for, checked. */
export interface KillingOptions extends TargetsOptions {
  readonly killSignal: number;
  readonly graceMs: number;
  readonly statusMs: number;
  readonly freeze: boolean;
  readonly signal?: AbortSignal;
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
  readonly #targets: Targets;
  readonly #freezing: Freezing;
  #failure: { reason: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(walk: Walk, options: KillingOptions) {
    this.#walk = walk;
    this.#options = options;
    this.#targets = new Targets(walk, options, {
      onNobodyLeft: () => this.#wake(),
      onFailure: (reason) => this.#fail(reason),
    });
    this.#freezing = new Freezing(walk, (member) => this.#targets.isTarget(member));
  }

  /** Resolves when the last one is gone; rejects when it is aborted. */
  async run(): Promise<TreeReport> {
    const { signal, killSignal } = this.#options;
    const onAbort = () => this.#fail(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const isGone = killSignal !== SIGKILL && await this.#askAndWait();
      if (!isGone) { while (this.#isAnyoneLeft()) await this.#force(); }
      this.#targets.reapAll();
      await this.#until(() => this.#targets.isTold, this.#options.statusMs);
      await this.#endSelf();
      return this.report();
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#freezing.thaw();
      this.#targets.forget();
    }
  }

  /** What has become of the tree until now. */
  report(): TreeReport {
    return this.#targets.report();
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
      const isGone = await this.#until(() => this.#targets.isGone, Math.min(pauseMs, left));
      if (!isGone && left <= pauseMs) return false;
      // Somebody may have started others since, before it ended or because it does not mean to.
      if (!this.#isAnyoneLeft()) return true;
      this.#ask();
    }
  }

  /** Whoever runs by now is told of, also where it ends while the others are stopped. */
  async #freezeAll(): Promise<void> {
    this.#walk.settle(1);
    this.#targets.find();
    await this.#freezing.freeze(() => this.#check());
  }

  /** Asks everything that was not asked. */
  #ask(): void {
    this.#freezing.untangle();
    const targets = this.#targets.find().filter(({ asked }) => !asked);
    // A parent goes before its children, or it would start them again; what is frozen starts nothing.
    for (const target of this.#options.freeze ? deepestFirst(targets) : targets) {
      target.asked = true;
      this.#targets.send(target, this.#options.killSignal);
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
    for (const target of deepestFirst(this.#targets.find())) {
      if (this.#targets.send(target, SIGKILL)) target.forced = true;
    }
    // Also whoever could be stopped and was not killed, because it could not be signalled before.
    this.#freezing.thaw();
    await this.#until(() => this.#targets.isGone);
  }

  /** Ends everything at once where the tree has a cgroup of its own: nothing can escape by forking then, nor is stopped. */
  #forceCgroup(): boolean {
    const { cgroup, hidden } = this.#walk;
    if (cgroup === null || hidden > 0) return false;
    const targets = this.#targets.find().filter(({ member }) => member.runs());
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
    for (let count = -1; count !== this.#targets.endedCount;) {
      count = this.#targets.endedCount;
      if (await this.#until(() => this.#targets.isGone, CGROUP_MS)) return true;
    }
    return false;
  }

  /** Whether anybody runs who can be ended, also of those that appeared since the last look. */
  #isAnyoneLeft(): boolean {
    this.#walk.settle(MAX_ROUNDS);
    this.#targets.find();
    return !this.#targets.isGone;
  }

  /** Ends this process, where it is meant too: the last of all, because it can't go on with the others once it is stopped or gone. */
  async #endSelf(): Promise<void> {
    const self = this.#walk.members.find((member) => isSelf(member));
    if (!self || this.#targets.isSpared(self)) return;
    this.#freezing.thaw();
    const { killSignal, graceMs } = this.#options;
    sendSignal(self.pinned, killSignal);
    // Its own handler may have things to do, and nothing else may keep the program alive.
    const keepAlive = setTimeout(() => {}, graceMs);
    await this.#until(() => false, graceMs).finally(() => clearTimeout(keepAlive));
    sendSignal(self.pinned, SIGKILL);
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
}
