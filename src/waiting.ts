/**
 * The waits on one handle: they share one registration with the watcher, which lasts as long as anybody waits.
 *
 * @module
 */
import { startTimer } from "../ffi/timer.ts";
import { type ExitStatus, UNKNOWN } from "./exit.ts";
import { type Watcher, watcher, type WatchEvent } from "./watcher.ts";

/** What is waited for: that the process has ended, or that it has ended and nobody will tell more about how. */
export type Milestone = "exited" | "told";

/** Whom waits ask about a handle. One object for all handles: ten thousand waits should not cost as many closures. */
export interface Witnesses<H> {
  /** Looks again, and remembers what the watcher was told. */
  learn(handle: H, event: WatchEvent): ExitStatus;
  /** Whether the kernel will say more once the process was reaped. */
  willTellMore(): boolean;
  /** What the runtime says of its own child; not known where the process is not one. */
  runtimeStatus(handle: H): Promise<ExitStatus>;
}

interface Waiter {
  milestone: Milestone;
  resolve: (status: ExitStatus) => void;
  reject: (reason: unknown) => void;
  /** What takes back the limits, so that a settled wait leaves neither a timer nor a listener. */
  forget: (() => void)[] | undefined;
}

/** Ends a wait before its time. */
export interface WaitLimits {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** All waits on one handle. */
export class Waiting<H extends { readonly fd: number }> {
  /** Held as long as anybody waits, so that it is never collected, and closed, under a pending wait. */
  readonly #handle: H;
  readonly #witnesses: Witnesses<H>;
  readonly #waiters = new Set<Waiter>();
  #watcher: Watcher | undefined;
  #token = 0;
  #isHolding = true;

  /** For one handle. */
  constructor(handle: H, witnesses: Witnesses<H>) {
    this.#handle = handle;
    this.#witnesses = witnesses;
  }

  /** Waits for a milestone. The limits were checked; a signal that was aborted already rejects. */
  until(milestone: Milestone, { timeoutMs, signal }: WaitLimits = {}): Promise<ExitStatus> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const waiter: Waiter = { milestone, resolve, reject, forget: undefined };
      this.#join(waiter);
      if (signal) this.#leaveOn(signal, waiter);
      if (timeoutMs !== undefined) this.#leaveAfter(timeoutMs, waiter);
    });
  }

  /** Calls back at a milestone, or when the waits fail; the answer takes that back. */
  listen(
    milestone: Milestone,
    onReached: (status: ExitStatus) => void,
    onFailure: (reason: unknown) => void,
  ): () => void {
    const waiter: Waiter = { milestone, resolve: onReached, reject: onFailure, forget: undefined };
    this.#join(waiter);
    return () => this.#leave(waiter, () => {});
  }

  /** Whether pending waits keep the program alive. */
  hold(isHolding: boolean): void {
    if (isHolding === this.#isHolding) return;
    this.#isHolding = isHolding;
    this.#watcher?.hold(isHolding ? this.#waiters.size : -this.#waiters.size);
  }

  /**
   * Its runtime has seen the end, and may be quicker than the watcher, whose thread has to be woken first. How it ended is
   * left to the watcher, who often saw more: what the child used up.
   */
  endedFirst(): void {
    this.#reach("exited", UNKNOWN);
  }

  /** Rejects every pending wait; an error is dear, and is made only for somebody who gets it. */
  fail(makeReason: () => unknown): void {
    if (this.#waiters.size === 0) return;
    const reason = makeReason();
    for (const waiter of [...this.#waiters]) this.#leave(waiter, () => waiter.reject(reason));
  }

  #join(waiter: Waiter): void {
    if (this.#waiters.size === 0) {
      const found = watcher();
      this.#token = found.add(this.#handle.fd, this);
      this.#watcher = found;
    }
    this.#waiters.add(waiter);
    if (this.#isHolding) this.#watcher!.hold(1);
  }

  #leaveOn(signal: AbortSignal, waiter: Waiter): void {
    const onAbort = () => this.#leave(waiter, () => waiter.reject(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    (waiter.forget ??= []).push(() => signal.removeEventListener("abort", onAbort));
  }

  /** The timer does not keep the program alive: the wait does that itself, unless it is not to. */
  #leaveAfter(timeoutMs: number, waiter: Waiter): void {
    const onTime = () => this.#leave(waiter, () => waiter.reject(timeoutError(timeoutMs)));
    (waiter.forget ??= []).push(startTimer(timeoutMs, onTime));
  }

  #leave(waiter: Waiter, settle: () => void): void {
    if (!this.#waiters.delete(waiter)) return;
    waiter.forget?.forEach((forget) => forget());
    if (this.#isHolding) this.#watcher!.hold(-1);
    if (this.#waiters.size === 0) {
      this.#watcher!.remove(this.#token);
      this.#watcher = undefined;
    }
    settle();
  }

  /** The watcher tells that the process has ended, or that it was reaped. */
  onEvent(event: WatchEvent): void {
    const status = this.#witnesses.learn(this.#handle, event);
    this.#reach("exited", status);
    const isFinal = status.known || (event.reaped && this.#witnesses.willTellMore());
    if (isFinal) this.#reach("told", status);
    else if (!this.#witnesses.willTellMore()) this.#askRuntime();
  }

  /** On a kernel without exit records only the runtime can know, and only of its own child. */
  #askRuntime(): void {
    this.#witnesses.runtimeStatus(this.#handle).then((status) => this.#reach("told", status));
  }

  #reach(milestone: Milestone, status: ExitStatus): void {
    for (const waiter of [...this.#waiters]) {
      if (waiter.milestone === milestone) this.#leave(waiter, () => waiter.resolve(status));
    }
  }
}

/** As `AbortSignal.timeout` has it. */
function timeoutError(timeoutMs: number): DOMException {
  return new DOMException(`the process has not ended within ${timeoutMs} ms`, "TimeoutError");
}
