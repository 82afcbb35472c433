/**
 * The guard of a contained process, as this program sees it: what it reports over its channel, its
 * own end, and what it is asked to end.
 *
 * @module
 */
import { GUARD_REPORTS, WATCH_TOLD } from "../../ffi/symbols.ts";
import { now } from "../../ffi/timer.ts";
import { Handle } from "../handle/handle.ts";
import { fromWatcher } from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord, sizeOf } from "../kernel/record.ts";
import { type ResourceUsage, usageOf } from "../kernel/usage.ts";
import {
  checkTerminateOptions,
  type TerminateOptions,
  type Termination,
} from "../process/terminate.ts";
import { resume } from "../process/signal.ts";
import { setRef } from "../process/waits.ts";
import { ChildEnd } from "./end.ts";
import { PipeReader } from "./pipe.ts";
import { graceWord } from "./request.ts";

/** What became of a contained process and all that it has started. */
export interface Containment {
  /** How many processes were sent the polite signal. */
  readonly asked: number;
  /** How many of them, or of those that they have started since, SIGKILL has ended. */
  readonly killed: number;
  /**
   * Whether nothing is left. False if the kernel refuses to signal those that are left, because
   * they have become another user's; if they have not ended seconds after SIGKILL, as in
   * uninterruptible sleep; and if somebody has killed the guard,
   * unless that has a pid namespace.
   */
  readonly settled: boolean;
  /**
   * What the command and all that it has started had used up. Only there once nothing is left, and
   * if nobody has killed the guard.
   */
  readonly resourceUsage?: ResourceUsage;
}

/** How a process that {@linkcode spawn} has started was ended. */
export interface ChildTermination extends Termination {
  /** Of a contained one: what became of it and all that it has started. */
  readonly contained?: Containment;
}

/** What {@linkcode Guard} needs of a guard that was started. */
export interface StartedGuard {
  readonly pidfd: number;
  /** Our end of the channel to it. */
  readonly channel: number;
  /** Whether it is the first process of a pid namespace of its own. */
  readonly isNamespace: boolean;
}

/** Of one contained process. */
export class Guard {
  readonly #end: ChildEnd;
  readonly #handle: Handle;
  readonly #reader: PipeReader;
  readonly #command: ChildEnd;
  readonly #isNamespace: boolean;
  #containment: Containment = Object.freeze({ asked: 0, killed: 0, settled: false });
  /** Who waits until nothing more can be done for now. */
  #onLeft: Set<() => void> = new Set();

  /** Owns both descriptors from then on; says how the command has ended. */
  constructor({ pidfd, channel, isNamespace }: StartedGuard, command: ChildEnd) {
    this.#isNamespace = isNamespace;
    this.#handle = new Handle(pidfd, -1);
    this.#end = new ChildEnd(this.#handle, () => this.#onEnd());
    this.#reader = new PipeReader(channel, sizeOf("GuardRecord"));
    this.#command = command;
    // Nobody has the Child yet.
    this.#reader.readLater({
      onBytes: (bytes) => this.#onReport(new NativeRecord("GuardRecord", bytes)),
      // Whatever has closed the channel: it is to be reaped.
      onEnd: () => this.#end.reap(),
    });
  }

  /** Resolves when the guard has ended: nothing is left then, or it was killed. */
  get gone(): Promise<Containment> {
    return this.#end.promise.then(() => this.#containment);
  }

  /** Whether the guard has ended. */
  get isOver(): boolean {
    return this.#end.status !== null;
  }

  /** Has it end everything; `probe` throws if the command may not be signalled. */
  async terminate(
    options: TerminateOptions,
    defaults: TerminateOptions,
    probe: () => void,
  ): Promise<ChildTermination> {
    const { number, graceMs, signal } = checkTerminateOptions(options, defaults);
    const start = now();
    this.#ask(number, graceWord(graceMs));
    const contained = await unlessAborted(this.#untilLeft(), signal);
    if (!contained.settled && !this.#command.status) probe();
    const status = await unlessAborted(this.#command.promise, signal);
    return { status, forced: contained.killed > 0, durationMs: now() - start, contained };
  }

  /** Whether waiting for it keeps the program alive. */
  setRef(isRef: boolean): void {
    this.#reader.setRef(isRef);
    setRef(this.#handle, isRef);
  }

  #ask(signal: number, graceMs: number): void {
    const request = new Uint8Array(new Int32Array([signal, graceMs]).buffer);
    // Where it has ended, its end is about to be seen.
    if (this.#reader.isClosed) return;
    native().stream_write(this.#reader.fd, request.length, request);
    // Somebody may have stopped it.
    if (!this.isOver) resume(this.#handle);
  }

  /** The same as `gone`, or how it stands once nothing can be done for now. */
  async #untilLeft(): Promise<Containment> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onLeft.add(resolve);
    await Promise.race([promise, this.#end.promise]);
    this.#onLeft.delete(resolve);
    return this.#containment;
  }

  #onReport(record: NativeRecord<"GuardRecord">): boolean {
    const report = record.number("report");
    const settled = report === GUARD_REPORTS.gone;
    const part = (name: "status" | "all") => record.tail(name).subarray(0, sizeOf("WaitRecord"));
    this.#containment = Object.freeze({
      asked: record.number("asked"),
      killed: record.number("killed"),
      settled,
      ...(settled && { resourceUsage: usageOf(new NativeRecord("WaitRecord", part("all"))) }),
    });
    if (record.number("has_status") === 1 && !this.#command.status) {
      this.#command.settle(fromWatcher(WATCH_TOLD.wait_record, part("status"))!);
    }
    if (report === GUARD_REPORTS.left) { for (const resolve of this.#onLeft) resolve(); }
    return true;
  }

  #onEnd(): void {
    this.#handle.close();
    // The kernel lets the first process of a pid namespace end when all others have.
    if (this.#isNamespace) this.#containment = { ...this.#containment, settled: true };
    // Somebody has killed the guard.
    if (!this.#command.status) this.#command.learn();
  }
}

/** What a promise brings, or the reason of the signal where that comes first. */
async function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return await promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
