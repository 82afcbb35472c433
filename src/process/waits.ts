/**
 * The waits on one handle: which events settle them, and with which exit status.
 *
 * @module
 */
import { startTimer } from "../../ffi/timer.ts";
import { type ChildLike, hearEnd } from "../../ffi/child.ts";
import type { Handle, PendingWaits } from "../handle/handle.ts";
import { PidfdError } from "../kernel/errors.ts";
import { type ExitStatus, fromWatcher, UNKNOWN } from "../kernel/exit.ts";
import {
  askRuntime,
  isCertain,
  isReportUnsure,
  learnStatus,
  statusOf,
  type WatchEvent,
  willKernelReport,
} from "./status.ts";
import { type Milestone, Waiter } from "./waiter.ts";
import { WaiterChain } from "./waiter_chain.ts";

/** When to look again; then after twice the time, and so on, up to the longest. */
const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 1000;

/** So many looks in a row may fail for want of memory before the waits are given up. */
const MOST_LOOKS = 8;

type Resolve = (status: ExitStatus) => void;
type Reject = (reason: unknown) => void;

/** The waits on a handle, made at the first one. */
export function waitsOf(handle: Handle): Waits {
  if (handle.waits instanceof Waits) return handle.waits;
  const waits = new Waits(handle);
  handle.waits = waits;
  if (handle.child) hearRuntime(handle, handle.child, waits);
  return waits;
}

/** One listener a handle, which is believed only if the kernel agrees. */
function hearRuntime(handle: Handle, child: ChildLike, waits: Waits): void {
  handle.stopHearing = hearEnd(child, () => {
    if (!handle.closed && !handle.isAlive()) waits.exitedFirst();
  });
}

/** Whether pending and later waits keep the program alive. */
export function setRef(handle: Handle, isRef: boolean): void {
  if (isRef === handle.isRef) return;
  handle.isRef = isRef;
  handle.waits?.onRefChange();
}

/** All waits on one handle: what settles them, and when. */
export class Waits extends WaiterChain implements PendingWaits {
  /**
   * Calls back at a milestone, or when the wait fails. What a callback throws rejects its own wait
   * alone. The returned function ends the wait.
   */
  listen(milestone: Milestone, resolve: Resolve, reject: Reject): () => void {
    const waiter = this.add(new Waiter(this, milestone, resolve, reject));
    return () => waiter.cancel();
  }

  /** The same with limits, which were checked; a signal that was aborted throws its reason. */
  until(
    milestone: Milestone,
    resolve: Resolve,
    reject: Reject,
    timeoutMs?: number,
    signal?: AbortSignal,
  ): void {
    signal?.throwIfAborted();
    this.add(new Waiter(this, milestone, resolve, reject)).limit(timeoutMs, signal);
  }

  /**
   * The runtime has seen the exit, and may be quicker than the watcher, whose thread has to be woken
   * first. The status is left to the watcher, who often knows more: the resource usage.
   */
  exitedFirst(): void {
    this.reach("exited", UNKNOWN);
  }

  settle(status: ExitStatus): void {
    this.reach("exited", status);
    this.reach("status", status);
  }

  /**
   * Where this program was busy, or stopped, the exit may be known only now: a process that has
   * exited is not said to run.
   */
  lookAtLast(): string {
    try {
      const status = statusOf(this.handle);
      if (status === null) return "the process has not ended";
      this.reach("exited", status);
      if (isCertain(this.handle, status)) this.reach("status", status);
      return "nobody has told how it ended";
    } catch (error) {
      // The limit holds where a look fails for want of memory.
      return `it was not found out whether the process has ended (${error})`;
    }
  }

  /** The watcher reports that the process has exited, or that it was reaped. */
  onEvent(reaped: boolean, told: number, bytes: Uint8Array): void {
    try {
      this.#hear({ reaped, status: fromWatcher(told, bytes) }, 1);
    } catch (error) {
      this.fail(() => error);
    }
  }

  /** There may be no other event: where a look fails, or finds too little, it is repeated. */
  #hear(event: WatchEvent, looks: number): void {
    try {
      if (this.#learn(event)) return;
    } catch (error) {
      const isPassing = error instanceof PidfdError && error.code === "ENOMEM";
      if (!isPassing || looks === MOST_LOOKS) return this.fail(() => error);
    }
    const pauseMs = Math.min(FIRST_LOOK_MS * 2 ** (looks - 1), LONGEST_LOOK_MS);
    startTimer(pauseMs, () => {
      if (!this.isEmpty) this.#hear(event, looks + 1);
    });
  }

  /** False where it is unknown whether there will be another event. */
  #learn(event: WatchEvent): boolean {
    const status = learnStatus(this.handle, event);
    this.reach("exited", status);
    const willReport = willKernelReport();
    const isFinal = isCertain(this.handle, status) || (event.reaped && willReport);
    if (isFinal) this.reach("status", status);
    else if (!willReport) this.#askRuntime();
    else return !isReportUnsure();
    return true;
  }

  #askRuntime(): void {
    askRuntime(this.handle).then(
      (status) => this.reach("status", status),
      (error) => this.fail(() => error),
    );
  }
}
