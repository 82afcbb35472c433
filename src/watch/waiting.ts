/**
 * The waits on one handle: they share one registration with the watcher, which lasts as long as anybody waits.
 *
 * @module
 */
import { startTimer } from "../../ffi/timer.ts";
import { timeoutError } from "../kernel/errors.ts";
import { type ExitStatus, UNKNOWN } from "../kernel/exit.ts";
import { type Watcher, watcher, type WatchEvent } from "./watcher.ts";

/** What is waited for: that the process has ended, or that it has ended and nobody will tell more about how. */
export type Milestone = "exited" | "told";

/** Whom waits ask about a handle. One object for all handles: ten thousand waits should not cost as many closures. */
export interface Witnesses<H> {
  /** A look of our own; null while it runs. */
  look(handle: H): ExitStatus | null;
  /** Looks again, and remembers what the watcher was told. */
  learn(handle: H, event: WatchEvent): ExitStatus;
  /** Whether nobody knows better how it ended. */
  isCertain(handle: H, status: ExitStatus): boolean;
  /** Whether the kernel will say more once the process was reaped. */
  willTellMore(): boolean;
  /** The last word where the kernel says no more: the runtime's own on its child. */
  askRuntime(handle: H): Promise<ExitStatus>;
}

type Resolve = (status: ExitStatus) => void;
type Reject = (reason: unknown) => void;

/** One wait, a link in its handle's chain of them. */
interface Waiter {
  milestone: Milestone;
  resolve: Resolve;
  reject: Reject;
  /** What takes back the limits, so that a settled wait leaves neither a timer nor a listener. */
  forget: (() => void)[] | undefined;
  isWaiting: boolean;
  previous: Waiter | undefined;
  next: Waiter | undefined;
}

/** All waits on one handle. Most handles have one, so it is a chain: a set would be larger than all the rest. */
export class Waiting<H extends { readonly fd: number }> {
  /** Held as long as anybody waits, so that it is never collected, and closed, under a pending wait. */
  readonly #handle: H;
  readonly #witnesses: Witnesses<H>;
  #first: Waiter | undefined;
  #count = 0;
  #watcher: Watcher | undefined;
  /** The descriptor that is watched. */
  #fd = -1;
  #isHolding = true;
  /** The watcher's. */
  token = 0;

  /** For one handle. */
  constructor(handle: H, witnesses: Witnesses<H>) {
    this.#handle = handle;
    this.#witnesses = witnesses;
  }

  /**
   * Calls back at a milestone, or when the wait fails, also by what the call back throws: it must not keep others from being
   * told. The answer takes that back.
   */
  listen(milestone: Milestone, resolve: Resolve, reject: Reject): () => void {
    const guarded = (status: ExitStatus) => {
      try {
        resolve(status);
      } catch (error) {
        reject(error);
      }
    };
    const waiter = this.#join(milestone, guarded, reject);
    return () => void this.#leave(waiter);
  }

  /** The same with limits, which were checked; a signal that was aborted already throws its reason. */
  until(
    milestone: Milestone,
    resolve: Resolve,
    reject: Reject,
    timeoutMs: number | undefined,
    signal: AbortSignal | undefined,
  ): void {
    signal?.throwIfAborted();
    const waiter = this.#join(milestone, resolve, reject);
    if (signal) this.#leaveOn(signal, waiter);
    if (timeoutMs !== undefined) this.#leaveAfter(timeoutMs, waiter);
  }

  /** Whether pending waits keep the program alive. */
  hold(isHolding: boolean): void {
    if (isHolding === this.#isHolding) return;
    this.#isHolding = isHolding;
    this.#watcher?.hold(isHolding ? this.#count : -this.#count);
  }

  /**
   * Its runtime has seen the end, and may be quicker than the watcher, whose thread has to be woken first. How it ended is
   * left to the watcher, who often saw more: what the child used up.
   */
  endedFirst(): void {
    this.#reach("exited", UNKNOWN);
  }

  /** How it ended is certain: its handle has reaped it. */
  told(status: ExitStatus): void {
    this.#reach("exited", status);
    this.#reach("told", status);
  }

  /** Rejects every pending wait; an error is dear, and is made only for somebody who gets it. */
  fail(makeReason: () => unknown): void {
    if (this.#count === 0) return;
    const reason = makeReason();
    for (const waiter of this.#chain()) if (this.#leave(waiter)) waiter.reject(reason);
  }

  #join(milestone: Milestone, resolve: Resolve, reject: Reject): Waiter {
    if (this.#count === 0) {
      const { fd } = this.#handle;
      const found = watcher();
      found.add(fd, this);
      this.#fd = fd;
      this.#watcher = found;
    }
    const next = this.#first;
    const waiter: Waiter = {
      milestone,
      resolve,
      reject,
      forget: undefined,
      isWaiting: true,
      previous: undefined,
      next,
    };
    if (next) next.previous = waiter;
    this.#first = waiter;
    this.#count++;
    if (this.#isHolding) this.#watcher!.hold(1);
    return waiter;
  }

  #leaveOn(signal: AbortSignal, waiter: Waiter): void {
    const onAbort = () => {
      if (this.#leave(waiter)) waiter.reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    (waiter.forget ??= []).push(() => signal.removeEventListener("abort", onAbort));
  }

  /** The timer does not keep the program alive: the wait does that itself, unless it is not to. */
  #leaveAfter(timeoutMs: number, waiter: Waiter): void {
    const onTime = () => {
      // Where this program was busy, or stopped, the end may be known only now: nobody who has ended is said to run.
      const status = this.#witnesses.look(this.#handle);
      if (status !== null) this.#reach("exited", status);
      const isTold = status !== null && this.#witnesses.isCertain(this.#handle, status);
      if (isTold) this.#reach("told", status);
      if (!this.#leave(waiter)) return;
      const missed = status === null ? "the process has not ended" : "nobody has told how it ended";
      waiter.reject(timeoutError(`${missed} within ${timeoutMs} ms`));
    };
    (waiter.forget ??= []).push(startTimer(timeoutMs, onTime));
  }

  /** Whether it was still waiting: exactly one who ends a wait may settle it. */
  #leave(waiter: Waiter): boolean {
    if (!waiter.isWaiting) return false;
    waiter.isWaiting = false;
    waiter.forget?.forEach((forget) => forget());
    this.#unlink(waiter);
    if (this.#isHolding) this.#watcher!.hold(-1);
    if (this.#count === 0) {
      this.#watcher!.remove(this.#fd);
      this.#watcher = undefined;
    }
    return true;
  }

  #unlink({ previous, next }: Waiter): void {
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    this.#count--;
  }

  /** Those that wait now, the oldest first: whoever is called back may start and end others. */
  #chain(): Waiter[] {
    const waiters: Waiter[] = [];
    for (let waiter = this.#first; waiter; waiter = waiter.next) waiters.push(waiter);
    return waiters.reverse();
  }

  /** The watcher tells that the process has ended, or that it was reaped. */
  onEvent(event: WatchEvent): void {
    const status = this.#witnesses.learn(this.#handle, event);
    this.#reach("exited", status);
    const isTold = this.#witnesses.isCertain(this.#handle, status);
    if (isTold || (event.reaped && this.#witnesses.willTellMore())) this.#reach("told", status);
    else if (!this.#witnesses.willTellMore()) this.#askRuntime();
  }

  #askRuntime(): void {
    this.#witnesses.askRuntime(this.#handle).then((status) => this.#reach("told", status));
  }

  #reach(milestone: Milestone, status: ExitStatus): void {
    if (this.#count === 0) return;
    for (const waiter of this.#chain()) {
      if (waiter.milestone === milestone && this.#leave(waiter)) waiter.resolve(status);
    }
  }
}
