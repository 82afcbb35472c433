/**
 * Those of a tree that are ended: finds them, waits for them, and knows who is left.
 *
 * @module
 */
import { now } from "../../ffi/timer.ts";
import { Pace } from "../../ffi/turn.ts";
import { type ExitStatus, UNKNOWN } from "../kernel/exit.ts";
import { statusOf } from "../process/status.ts";
import { waitsOf } from "../process/waits.ts";
import { reapAdopted } from "../tree/subreaper.ts";
import type { Member } from "../tree/member.ts";
import type { Walk } from "../tree/walk.ts";
import type { KillScope } from "./kill_scope.ts";
import { KillTarget } from "./kill_target.ts";
import type { TreeEnd, TreeReport } from "./report.ts";

/** What is done with those that have ended. */
export interface KillTargetsOptions {
  readonly reapAdopted: boolean;
  readonly onEnd?: (end: TreeEnd) => void;
  /**
   * Whether the handle of what has ended may be closed, so that a long fight takes no more
   * descriptors.
   */
  readonly closes: boolean;
}

/** What calls back. */
export interface KillTargetsEvents {
  /** One has ended, or how it ended is known. */
  onEnd(): void;
  /** A wait has failed. */
  onFailure(reason: unknown): void;
}

/** Those of one tree. */
export class KillTargets {
  readonly #walk: Walk;
  readonly #scope: KillScope;
  readonly #options: KillTargetsOptions;
  readonly #events: KillTargetsEvents;
  readonly #start: number = now();
  readonly #all = new Map<Member, KillTarget>();
  /** Those that run, and that were not refused. */
  readonly #running = new Set<KillTarget>();
  readonly #ended: KillTarget[] = [];
  /** How many members were looked at. */
  #seenCount = 0;
  #pendingStatuses = 0;

  constructor(
    walk: Walk,
    scope: KillScope,
    options: KillTargetsOptions,
    events: KillTargetsEvents,
  ) {
    this.#walk = walk;
    this.#scope = scope;
    this.#options = options;
    this.#events = events;
  }

  /** Whether everybody has ended who can be ended. */
  get isGone(): boolean {
    return this.#running.size === 0;
  }

  /** Whether nobody will report more of how any of them ended. */
  get areStatusesFinal(): boolean {
    return this.#pendingStatuses === 0;
  }

  /** Whether nobody will report more of how a member ended. */
  isStatusFinal(member: Member): boolean {
    return this.#all.get(member)?.isStatusFinal ?? true;
  }

  /** How many have ended. */
  get endedCount(): number {
    return this.#ended.length;
  }

  /** What has become of the tree until now. */
  report(): Omit<TreeReport, "settled" | "orphans"> {
    return {
      ended: this.#ended.map((target) => target.end()),
      escaped: [...this.#all.values()]
        .filter(({ afterMs }) => afterMs === null)
        .map((target) => target.escape(this.#scope.isSpared(target.member))),
      hidden: this.#walk.hidden,
      durationMs: now() - this.#start,
    };
  }

  /** Those that run and may be ended; waits for the new ones among them. */
  find(): KillTarget[] {
    const { members } = this.#walk;
    for (; this.#seenCount < members.length; this.#seenCount++) {
      const member = members[this.#seenCount];
      if (!member.runs()) this.#release(member);
      else if (this.#scope.includes(member)) this.#watch(member);
    }
    return [...this.#running].filter(({ member }) => this.#scope.isTarget(member));
  }

  /** SIGKILL was sent. One that had refused before, and does no longer, is waited for again. */
  noteKilled(target: KillTarget): void {
    target.forced = true;
    if (!target.refusal || target.afterMs !== null) return;
    target.refusal = undefined;
    this.#running.add(target);
    this.#pendingStatuses++;
  }

  /** All that have not ended, those that refused included. */
  findUnended(): KillTarget[] {
    return [...this.#all.values()].filter(({ member, afterMs }) =>
      afterMs === null && this.#scope.isTarget(member)
    );
  }

  /** Sends a signal. There is no use in waiting for one that may not be ended. */
  send(target: KillTarget, number: number): boolean {
    if (target.send(number)) return true;
    if (target.refusal) {
      this.#pendingStatuses--;
      this.#running.delete(target);
    }
    return false;
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
      if (this.#options.reapAdopted) target.reap();
      const { core } = target.member;
      if (!target.isStatusFinal && !core.closed) target.status = statusOf(core) ?? UNKNOWN;
    }
    if (!this.#options.reapAdopted) return;
    for (const member of this.#walk.members) if (!member.runs()) reapAdopted(member);
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

  #watch(member: Member): void {
    const target = new KillTarget(member);
    this.#all.set(member, target);
    if (!this.#scope.isTarget(member)) return;
    const onFailure = (reason: unknown) => this.#events.onFailure(reason);
    const waits = waitsOf(member.core);
    this.#running.add(target);
    this.#pendingStatuses++;
    target.forget.push(
      waits.listen("exited", (status) => this.#onExit(target, status), onFailure),
      waits.listen("status", (status) => this.#onStatus(target, status), onFailure),
    );
  }

  #onExit(target: KillTarget, status: ExitStatus): void {
    target.afterMs = now() - this.#start;
    // Whoever can't be stopped is killed by the look itself, and may end before that is over.
    if (this.#walk.has(target.member, "killed")) target.forced = true;
    const { core } = target.member;
    // A runtime that has seen its child's end first leaves it to us to ask.
    target.status = status.known || !core.child ? status : statusOf(core) ?? UNKNOWN;
    this.#running.delete(target);
    this.#ended.push(target);
    this.#options.onEnd?.(target.end());
    this.#events.onEnd();
  }

  #onStatus(target: KillTarget, status: ExitStatus): void {
    if (status.known) target.status = status;
    target.isStatusFinal = true;
    if (this.#options.reapAdopted) target.reap();
    // One that may not be signalled was taken out of the count when it refused, and may end all the
    // same.
    if (!target.refusal) this.#pendingStatuses--;
    this.#release(target.member);
    this.#events.onEnd();
  }
}
