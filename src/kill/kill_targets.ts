/**
 * Who of a tree is to be ended, and what has become of each.
 *
 * @module
 */
import { now } from "../../ffi/timer.ts";
import { Pace } from "../../ffi/turn.ts";
import { SIGKILL } from "../kernel/constants.ts";
import { PidfdError } from "../kernel/errors.ts";
import { type ExitStatus, UNKNOWN } from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";
import { sendKill, sendSignal } from "../process/signal.ts";
import { statusOf } from "../process/status.ts";
import { waitsOf } from "../process/waits.ts";
import { reapAdopted } from "../tree/subreaper.ts";
import type { Member } from "../tree/member.ts";
import type { TreeEnd, TreeEscape, TreeReport } from "./report.ts";
import type { Walk } from "../tree/walk.ts";

/** Who is meant, and what is done with those that have ended. */
export interface TargetsOptions {
  readonly includeRoot: boolean;
  readonly includeSelf: boolean;
  readonly reapAdopted: boolean;
  readonly onEnd?: (end: TreeEnd) => void;
  /**
   * Whether the handle of what has ended may be closed, so that a long fight takes no more
   * descriptors.
   */
  readonly closes: boolean;
}

/** What whoever ends the tree is told. */
export interface TargetsEvents {
  /** One has ended, or it was told how. */
  onEnd(): void;
  /** A wait has failed. */
  onFailure(reason: unknown): void;
}

/** What is known of a member that ran when it was first looked at. */
export interface Target {
  member: Member;
  asked: boolean;
  forced: boolean;
  afterMs: number | null;
  status: ExitStatus;
  /** Whether nobody will tell more of how it ended. */
  isTold: boolean;
  refusal?: PidfdError;
  /** Takes back the waits for it. */
  forget: (() => void)[];
}

/** Those of one tree. */
export class Targets {
  readonly #walk: Walk;
  readonly #options: TargetsOptions;
  readonly #events: TargetsEvents;
  readonly #start: number = now();
  readonly #all = new Map<Member, Target>();
  /** Those that run, and that were not refused. */
  readonly #running = new Set<Target>();
  readonly #ended: Target[] = [];
  /** How many members were looked at. */
  #seenCount = 0;
  #untold = 0;

  constructor(walk: Walk, options: TargetsOptions, events: TargetsEvents) {
    this.#walk = walk;
    this.#options = options;
    this.#events = events;
  }

  /** Whether everybody has ended who can be ended. */
  get isGone(): boolean {
    return this.#running.size === 0;
  }

  /** Whether it was told of each how it ended, or that nobody tells. */
  get isTold(): boolean {
    return this.#untold === 0;
  }

  /** Whether it was told how a member ended, or nobody tells. */
  isToldOf(member: Member): boolean {
    return this.#all.get(member)?.isTold ?? true;
  }

  /** How many have ended. */
  get endedCount(): number {
    return this.#ended.length;
  }

  /** What has become of the tree until now. */
  report(): Omit<TreeReport, "settled" | "orphans"> {
    return {
      ended: this.#ended.map(endOf),
      escaped: [...this.#all.values()].filter(({ afterMs }) => afterMs === null).map((target) =>
        this.#escapeOf(target)
      ),
      hidden: this.#walk.hidden,
      durationMs: now() - this.#start,
    };
  }

  /** Those that run and may be ended; waits for the new ones among them. */
  find(): Target[] {
    const { members } = this.#walk;
    for (; this.#seenCount < members.length; this.#seenCount++) {
      const member = members[this.#seenCount];
      if (!member.runs()) this.#release(member);
      else if (this.#isMeant(member)) this.#watch(member);
    }
    return [...this.#running].filter(({ member }) => this.isTarget(member));
  }

  /** SIGKILL was sent. One that had refused before, and does no longer, is waited for again. */
  noteKilled(target: Target): void {
    target.forced = true;
    if (!target.refusal || target.afterMs !== null) return;
    target.refusal = undefined;
    this.#running.add(target);
    this.#untold++;
  }

  /** All that have not ended, those that refused included. */
  findUnended(): Target[] {
    return [...this.#all.values()].filter(({ member, afterMs }) =>
      afterMs === null && this.isTarget(member)
    );
  }

  /** Answers whether it was sent. */
  send(target: Target, number: number): boolean {
    try {
      const { core } = target.member;
      return number === SIGKILL ? sendKill(core) : sendSignal(core, number);
    } catch (error) {
      if (!(error instanceof PidfdError)) throw error;
      // There is no use in waiting for one that may not be ended.
      target.refusal = error;
      this.#untold--;
      this.#running.delete(target);
      return false;
    }
  }

  /**
   * Whoever ended before its parent did was given to us only then; some had ended before the call,
   * and were no targets. Of the others it is looked how they ended, once more: many were reaped by
   * now.
   */
  async reapAll(check: () => void): Promise<void> {
    const pace = new Pace();
    for (const target of this.#ended) {
      if (pace.isDue) {
        await pace.rest();
        check();
      }
      this.#reap(target);
      const { core } = target.member;
      if (!target.isTold && !core.closed) target.status = statusOf(core) ?? UNKNOWN;
    }
    if (!this.#options.reapAdopted) return;
    for (const member of this.#walk.members) if (!member.runs()) reapAdopted(member);
  }

  /** Whether it is to be stopped, signalled and waited for with the others. */
  isTarget(member: Member): boolean {
    return !this.isSpared(member) && !isSelf(member);
  }

  /**
   * Whether nothing is to be done to it: a root that is to stay, or whoever this process descends
   * from, and itself.
   */
  isSpared(member: Member): boolean {
    if (!this.#isMeant(member)) return true;
    return !this.#options.includeSelf && this.#walk.ancestors.has(member.pid);
  }

  /** Waits for nobody any more. */
  forget(): void {
    for (const { forget } of this.#all.values()) forget.forEach((take) => take());
  }

  /**
   * Nothing more is asked of one that has ended, unless it has to be reaped once its parent has
   * ended too.
   */
  #release(member: Member): void {
    const mayReap = this.#options.reapAdopted && !member.core.isReapedByUs;
    if (this.#options.closes && !mayReap) this.#walk.release(member);
  }

  #isMeant(member: Member): boolean {
    return this.#options.includeRoot || member !== this.#walk.root;
  }

  #watch(member: Member): void {
    const target: Target = {
      member,
      asked: false,
      forced: false,
      afterMs: null,
      status: UNKNOWN,
      isTold: false,
      forget: [],
    };
    this.#all.set(member, target);
    if (!this.isTarget(member)) return;
    const onFailure = (reason: unknown) => this.#events.onFailure(reason);
    const waits = waitsOf(member.core);
    this.#running.add(target);
    this.#untold++;
    target.forget.push(
      waits.listen("exited", (status) => this.#onExit(target, status), onFailure),
      waits.listen("status", (status) => this.#onTold(target, status), onFailure),
    );
  }

  #onExit(target: Target, status: ExitStatus): void {
    target.afterMs = now() - this.#start;
    const { core } = target.member;
    // A runtime that has seen its child's end first leaves it to us to ask.
    target.status = status.known || !core.child ? status : statusOf(core) ?? UNKNOWN;
    this.#running.delete(target);
    this.#ended.push(target);
    this.#options.onEnd?.(endOf(target));
    this.#events.onEnd();
  }

  #onTold(target: Target, status: ExitStatus): void {
    if (status.known) target.status = status;
    target.isTold = true;
    this.#reap(target);
    // One that may not be signalled was taken out of the count when it refused, and may end all the
    // same.
    if (!target.refusal) this.#untold--;
    this.#release(target.member);
    this.#events.onEnd();
  }

  #reap(target: Target): void {
    if (!this.#options.reapAdopted) return;
    const status = reapAdopted(target.member);
    if (status) target.status = status;
  }

  #escapeOf(target: Target): TreeEscape {
    const { member: { pid, name, depth }, refusal } = target;
    if (refusal) return { pid, name, depth, reason: "refused", error: refusal };
    return { pid, name, depth, reason: this.isSpared(target.member) ? "spared" : "running" };
  }
}

/** Whether it is this process. */
export function isSelf({ pid }: Member): boolean {
  return pid === native().own_pid();
}

function endOf({ member: { pid, name, depth }, status, forced, afterMs }: Target): TreeEnd {
  return { pid, name, depth, status, forced, afterMs: afterMs! };
}
