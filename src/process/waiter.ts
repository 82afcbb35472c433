/**
 * One pending wait: its milestone, its limits, and how it settles.
 *
 * @module
 */
import { reportUncaught, startTimer } from "../../ffi/timer.ts";
import { timeoutError } from "../kernel/errors.ts";
import type { ExitStatus } from "../kernel/exit.ts";
import { callEach, reasonOf } from "../watch/limits.ts";

/** What is waited for: the exit, or that nobody will report more of the exit status. */
export type Milestone = "exited" | "status";

/** Where a wait is pending. */
export interface WaiterOwner {
  /** Takes a wait out; throws nothing. */
  remove(waiter: Waiter): void;
  /** Looks once more before a time limit ends a wait; returns what has not happened until now. */
  lookAtLast(): string;
}

/** One wait, a link in the chain of its handle. */
export class Waiter {
  readonly milestone: Milestone;
  previous: Waiter | undefined;
  next: Waiter | undefined;
  readonly #owner: WaiterOwner;
  readonly #onResolve: (status: ExitStatus) => void;
  readonly #onReject: (reason: unknown) => void;
  /** Takes back the limits, so that a settled wait leaves neither a timer nor a listener. */
  #forget: (() => void)[] | undefined;
  #isWaiting = true;

  constructor(
    owner: WaiterOwner,
    milestone: Milestone,
    onResolve: (status: ExitStatus) => void,
    onReject: (reason: unknown) => void,
  ) {
    this.#owner = owner;
    this.milestone = milestone;
    this.#onResolve = onResolve;
    this.#onReject = onReject;
  }

  /** Sets its limits, which were checked. */
  limit(timeoutMs: number | undefined, signal: AbortSignal | undefined): void {
    try {
      if (signal) this.#rejectOn(signal);
      if (timeoutMs !== undefined) this.#rejectAfter(timeoutMs);
    } catch (error) {
      this.reject(error);
    }
  }

  /** Ends it without a call back. */
  cancel(): void {
    if (this.#isWaiting) this.#leave();
  }

  /** Settles it. What its own limits or its callback throw rejects it, and reaches no other wait. */
  resolve(status: ExitStatus): void {
    if (!this.#isWaiting) return;
    try {
      this.#leave();
      this.#onResolve(status);
    } catch (error) {
      this.#callReject(error);
    }
  }

  /** The same, for a wait that fails. */
  reject(reason: unknown): void {
    if (!this.#isWaiting) return;
    try {
      this.#leave();
    } catch {
      // Of two errors it gets the one that ended it.
    }
    this.#callReject(reason);
  }

  #rejectOn(signal: AbortSignal): void {
    const onAbort = () => this.reject(reasonOf(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    (this.#forget ??= []).push(() => signal.removeEventListener("abort", onAbort));
  }

  /** The timer does not keep the program alive: the wait does that itself, unless it is not to. */
  #rejectAfter(timeoutMs: number): void {
    const onTime = () => {
      const missed = this.#owner.lookAtLast();
      if (!this.#isWaiting) return;
      this.reject(timeoutError(`${missed} within ${timeoutMs} ms`));
    };
    (this.#forget ??= []).push(startTimer(timeoutMs, onTime));
  }

  /** Throws what taking back its limits throws, with everything done. */
  #leave(): void {
    this.#isWaiting = false;
    this.#owner.remove(this);
    if (this.#forget) callEach(this.#forget);
  }

  #callReject(reason: unknown): void {
    try {
      this.#onReject(reason);
    } catch (error) {
      reportUncaught(error);
    }
  }
}
