/**
 * The waits on one handle: they share one registration with the watcher, which lasts as long as anybody waits.
 *
 * @module
 */
import { reportUncaught, startTimer } from "../../ffi/timer.ts";
import { failure, PidfdError, timeoutError } from "../kernel/errors.ts";
import { type ExitStatus, fromWatcher, UNKNOWN } from "../kernel/exit.ts";
import type { Failed } from "./channel.ts";
import { callEach, reasonOf } from "./limits.ts";
import { type Listener, type Watcher, watcher } from "./watcher.ts";

/** What is waited for: that the process has ended, or that it has ended and nobody will tell more about how. */
export type Milestone = "exited" | "told";

/** What the watcher saw: the process has ended, and perhaps it was reaped too. */
export interface WatchEvent {
  readonly reaped: boolean;
  /**
   * How it ended, where the watcher was told: of our child before anybody reaped it, of others
   * after that.
   */
  readonly status: ExitStatus | null;
}

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
  /** Whether that is unknown for now, for want of memory, descriptors or processes. */
  isUnsure(): boolean;
  /** The last word where the kernel says no more: the runtime's own on its child. */
  askRuntime(handle: H): Promise<ExitStatus>;
}

/** When to look again; then after twice the time, and so on, up to the longest. */
const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 1000;

/** So many looks in a row may fail for want of memory before the waits are given up. */
const MOST_LOOKS = 8;

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
export class Waiting<H extends { readonly fd: number }> implements Listener {
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
    const waiter = this.#join(milestone, resolve, reject);
    return () => {
      if (waiter.isWaiting) this.#leave(waiter);
    };
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
    try {
      if (signal) this.#leaveOn(signal, waiter);
      if (timeoutMs !== undefined) this.#leaveAfter(timeoutMs, waiter);
    } catch (error) {
      this.#reject(waiter, error);
    }
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
    for (const waiter of this.#chain()) this.#reject(waiter, reason);
  }

  #join(milestone: Milestone, resolve: Resolve, reject: Reject): Waiter {
    if (this.#count === 0) {
      const { fd } = this.#handle;
      const found = watcher();
      const failed = found.add(fd, this);
      if (failed) throw failure(failed);
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
    const onAbort = () => this.#reject(waiter, reasonOf(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    (waiter.forget ??= []).push(() => signal.removeEventListener("abort", onAbort));
  }

  /** The timer does not keep the program alive: the wait does that itself, unless it is not to. */
  #leaveAfter(timeoutMs: number, waiter: Waiter): void {
    const onTime = () => {
      const missed = this.#lookAtLast();
      if (!waiter.isWaiting) return;
      this.#reject(waiter, timeoutError(`${missed} within ${timeoutMs} ms`));
    };
    (waiter.forget ??= []).push(startTimer(timeoutMs, onTime));
  }

  /**
   * Where this program was busy, or stopped, the end may be known only now: nobody who has ended is
   * said to run. Answers what was missed all the same.
   */
  #lookAtLast(): string {
    try {
      const status = this.#witnesses.look(this.#handle);
      if (status === null) return "the process has not ended";
      this.#reach("exited", status);
      if (this.#witnesses.isCertain(this.#handle, status)) this.#reach("told", status);
      return "nobody has told how it ended";
    } catch (error) {
      // The limit holds where a look fails for want of memory.
      return `it was not found out whether the process has ended (${error})`;
    }
  }

  /**
   * Settles one wait. What its own limits or its callback throw rejects it, and reaches nobody
   * else.
   */
  #resolve(waiter: Waiter, status: ExitStatus): void {
    if (!waiter.isWaiting) return;
    try {
      this.#leave(waiter);
      waiter.resolve(status);
    } catch (error) {
      reject(waiter, error);
    }
  }

  /** The same, for a wait that fails. */
  #reject(waiter: Waiter, reason: unknown): void {
    if (!waiter.isWaiting) return;
    try {
      this.#leave(waiter);
    } catch {
      // Of two errors it gets the one that ended it.
    }
    reject(waiter, reason);
  }

  /**
   * Ends one wait, which whoever does so then settles. Throws what taking back its limits throws,
   * with everything done.
   */
  #leave(waiter: Waiter): void {
    waiter.isWaiting = false;
    this.#unlink(waiter);
    if (this.#isHolding) this.#watcher!.hold(-1);
    if (this.#count === 0) {
      this.#watcher!.remove(this.#fd);
      this.#watcher = undefined;
    }
    if (waiter.forget) callEach(waiter.forget);
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
  onEvent(reaped: boolean, told: number, bytes: Uint8Array): void {
    try {
      this.#hear({ reaped, status: fromWatcher(told, bytes) }, 1);
    } catch (error) {
      this.fail(() => error);
    }
  }

  /** There may be no other event: where a look fails, or tells too little, it is repeated. */
  #hear(event: WatchEvent, looks: number): void {
    try {
      if (this.#learn(event)) return;
    } catch (error) {
      const isPassing = error instanceof PidfdError && error.code === "ENOMEM";
      if (!isPassing || looks === MOST_LOOKS) return this.fail(() => error);
    }
    const pauseMs = Math.min(FIRST_LOOK_MS * 2 ** (looks - 1), LONGEST_LOOK_MS);
    startTimer(pauseMs, () => {
      if (this.#count > 0) this.#hear(event, looks + 1);
    });
  }

  /** The watcher is lost, and can't be replaced. */
  onLost(failed: Failed): void {
    this.fail(() => failure(failed));
  }

  /** False where it is unknown whether there will be another event. */
  #learn(event: WatchEvent): boolean {
    const status = this.#witnesses.learn(this.#handle, event);
    this.#reach("exited", status);
    const isTold = this.#witnesses.isCertain(this.#handle, status);
    const willTellMore = this.#witnesses.willTellMore();
    if (isTold || (event.reaped && willTellMore)) this.#reach("told", status);
    else if (!willTellMore) this.#askRuntime();
    else return !this.#witnesses.isUnsure();
    return true;
  }

  #askRuntime(): void {
    this.#witnesses.askRuntime(this.#handle).then(
      (status) => this.#reach("told", status),
      (error) => this.fail(() => error),
    );
  }

  #reach(milestone: Milestone, status: ExitStatus): void {
    if (this.#count === 0) return;
    for (const waiter of this.#chain()) {
      if (waiter.milestone === milestone) this.#resolve(waiter, status);
    }
  }
}

function reject(waiter: Waiter, reason: unknown): void {
  try {
    waiter.reject(reason);
  } catch (error) {
    reportUncaught(error);
  }
}
