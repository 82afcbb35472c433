/**
 * A process that this program has started.
 *
 * @module
 */
import { reportUncaught, startTimer } from "../../ffi/timer.ts";
import { Handle } from "../handle/handle.ts";
import type { ExitStatus } from "../kernel/exit.ts";
import { showBy } from "../kernel/inspection.ts";
import { type Signal, signalNumber } from "../kernel/signals.ts";
import { type Pidfd, pidfdOf } from "../pidfd.ts";
import { sendSignal } from "../process/signal.ts";
import { terminate, type TerminateOptions } from "../process/terminate.ts";
import { checkedLimits, checkedOptions, untilExited, waitFor } from "../process/wait.ts";
import type { WaitOptions } from "../process/wait.ts";
import { setRef } from "../process/waits.ts";
import { asChild, ChildEnd } from "./end.ts";
import { type ChildTermination, type Containment, Guard, type StartedGuard } from "./guard.ts";
import type { Checked } from "./options.ts";
import { checkOutputOptions, type ChildOutput, collect, type OutputOptions } from "./output.ts";
import { Pipes } from "./pipes.ts";
import type { ChildDuplex, ChildReadable, ChildWritable } from "./streams.ts";

/** What a started process is. */
interface Started {
  readonly pid: number;
  readonly pidfd: number;
  /** Of a contained one. */
  readonly guard: StartedGuard | null;
  /** Our ends of what was made for it, by their numbers in the child. */
  readonly ends: ReadonlyMap<number, number>;
  readonly checked: Checked;
}

/** Makes a `Child` of a process that was just started. */
export let childOf: (started: Started) => Child;

const PRIVATE = Symbol();

/**
 * A process that {@linkcode spawn} has started. It keeps this program alive until it has ended,
 * unless {@linkcode Child.unref} says otherwise, and it is reaped as soon as it has ended, by this
 * object alone. A contained one is reaped by its guard, and keeps this program alive until nothing
 * of it is left.
 *
 * @example It is over when it is out of use
 * ```ts
 * import { spawn } from "@x/pidfd";
 *
 * const child = spawn("sleep", ["1000"]);
 * console.log(child.handle.isAlive()); // true
 * await child[Symbol.asyncDispose](); // `await using child = …` does the same
 * console.log((await child.status).signal); // SIGTERM
 * ```
 */
export class Child implements AsyncDisposable {
  readonly #handle: Handle;
  readonly #pid: number;
  readonly #pipes: Pipes;
  readonly #defaults: { readonly killSignal: number; readonly graceMs: number };
  readonly #end: ChildEnd;
  readonly #guard: Guard | null;
  #pidfd: Pidfd | undefined;
  #uses = 0;
  #undo: (() => void)[] = [];

  static {
    childOf = (started) => new Child(started, PRIVATE);
    showBy(
      Child.prototype,
      (child) =>
        #pid in child
          ? `Child { pid: ${child.#pid}, ended: ${child.#handle.status !== null} }`
          : "Child {}",
    );
  }

  /** Use {@linkcode spawn}. */
  private constructor({ pid, pidfd, guard, ends, checked }: Started, key: typeof PRIVATE) {
    if (key !== PRIVATE) throw new TypeError("Cannot make a Child: use spawn()");
    this.#pid = pid;
    this.#handle = new Handle(pidfd, pid);
    this.#handle.isBorrowed = true;
    this.#pipes = new Pipes(ends, checked.fds);
    this.#defaults = { killSignal: checked.killSignal, graceMs: checked.graceMs };
    this.#end = new ChildEnd(this.#handle, () => this.#onEnd());
    this.#guard = guard && new Guard(guard, this.#end);
    if (guard) this.#handle.child = asChild(pid, this.#end);
    else this.#end.reap();
    this.#limit(checked);
  }

  /** Its pid, also when it has ended: the number may be another process's by then. */
  get pid(): number {
    return this.#pid;
  }

  /**
   * The handle it was born with. Once it was asked for it stays open for as long as this object is
   * used, and closing it does nothing. If nobody has asked before the child ended, it is closed by
   * then, and its calls throw `EBADF`.
   */
  get handle(): Pidfd {
    return this.#pidfd ??= pidfdOf(this.#handle);
  }

  /** What it reads, where `stdin` is "pipe" or "socket"; else null. */
  get stdin(): ChildWritable | null {
    return this.#pipes.writable(0);
  }

  /** What it writes, where `stdout` is "pipe" or "socket"; else null. */
  get stdout(): ChildReadable | null {
    return this.#pipes.readable(1);
  }

  /** What it writes, where `stderr` is "pipe" or "socket"; else null. */
  get stderr(): ChildReadable | null {
    return this.#pipes.readable(2);
  }

  /**
   * The streams of `fds`, by their numbers in the child: of a "pipe" a `Readable`, of a "socket" a
   * `Duplex`.
   */
  get fds(): Readonly<Record<number, ChildReadable | ChildDuplex>> {
    return this.#pipes.additional;
  }

  /** How it ended, once it has. */
  get status(): Promise<ExitStatus> {
    return this.#end.promise;
  }

  /**
   * Of a process with the lifetime "contained": resolves when it and all that it has started have
   * ended, the guard among them, or when somebody has killed the guard. Else null.
   */
  get contained(): Promise<Containment> | null {
    return this.#guard && this.#guard.gone;
  }

  /**
   * Waits until it has ended, with limits.
   *
   * @throws {DOMException} `TimeoutError` when the time is up.
   * @throws The reason of `signal`, when it is aborted.
   * @throws {TypeError} If an option is of a wrong type.
   * @throws {RangeError} If a number is outside its range.
   */
  wait(options: WaitOptions = {}): Promise<ExitStatus> {
    if (this.#end.status) {
      const { signal } = checkedLimits("wait for a process", options);
      return signal?.aborted ? Promise.reject(signal.reason) : this.status;
    }
    const { promise } = this.#end;
    if (this.#guard) return this.#keepOpen(() => this.#waitContained(promise, options));
    return this.#keepOpen(() => waitFor(this.#handle, options));
  }

  /**
   * Ends it: sends SIGTERM (`killSignal`), waits `graceMs`, sends SIGKILL, and waits for the end.
   * With a contained one all that it has started is ended too; this resolves when all have ended,
   * or when no more can be done for now: `contained` says which.
   *
   * @throws {PidfdSignalFailedError} `EPERM` if it has become another user's.
   * @throws {TypeError} If an option is of a wrong type.
   * @throws {RangeError} If a number is outside its range.
   */
  async terminate(options: TerminateOptions = {}): Promise<ChildTermination> {
    const guard = this.#guard;
    if (guard && !guard.isOver) {
      return await guard.terminate(options, this.#defaults, () => this.kill(0));
    }
    const contained = guard ? { contained: await guard.gone } : {};
    const { status } = this.#end;
    if (status) return { status, forced: false, durationMs: 0, ...contained };
    const end = () => terminate(this.#handle, options, this.#defaults);
    const termination = await this.#keepOpen(end);
    // It is reaped by then.
    return { ...termination, status: await this.status, ...contained };
  }

  /**
   * Sends a signal, SIGTERM if left out; false if the process has ended.
   *
   * @throws {PidfdSignalFailedError} `EPERM` if it has become another user's.
   * @throws {TypeError} If there is no such signal.
   * @throws {RangeError} If the signal's number is outside 0 to 64.
   */
  kill(signal: Signal | number = "SIGTERM"): boolean {
    const number = signalNumber(signal);
    return this.#end.status === null && sendSignal(this.#handle, number);
  }

  /**
   * Reads standard output and standard error to their ends, and waits until the process has ended.
   * Closes standard input unless `stdin` is used by the next turn of the event loop.
   *
   * @throws {TypeError} If an option is of a wrong type, or a stream of the output was used
   * already.
   * @throws {RangeError} If a number is outside its range.
   * @throws {PidfdError} `EIO` if the output can't be read.
   */
  async output(options: OutputOptions = {}): Promise<ChildOutput> {
    const checked = checkOutputOptions(options);
    const readers = this.#pipes.takeOutput();
    return await collect(readers, this.status, checked);
  }

  /** Lets it and its streams keep this program alive, as they do at first. */
  ref(): this {
    setRef(this.#handle, true);
    this.#guard?.setRef(true);
    this.#pipes.setRef(true);
    return this;
  }

  /** Lets this program end although it runs, its streams are open, and its handle is waited on. */
  unref(): this {
    setRef(this.#handle, false);
    this.#guard?.setRef(false);
    this.#pipes.setRef(false);
    return this;
  }

  /** Terminates it, and closes its streams and its handle. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.terminate();
      await this.status;
    } finally {
      // What could not be ended does not keep this program alive.
      this.#guard?.setRef(false);
      this.#pipes.close();
      this.#handle.close();
    }
  }

  #onEnd(): void {
    const status = this.#end.status!;
    // That of a contained one comes from its guard.
    this.#handle.status ??= status;
    this.#handle.waits?.settle(status);
    this.#takeBack();
    this.#closeUnused();
  }

  /** What uses the handle beyond the end. */
  async #keepOpen<T>(use: () => Promise<T>): Promise<T> {
    this.#uses++;
    try {
      return await use();
    } finally {
      this.#uses--;
      this.#closeUnused();
    }
  }

  /** Who has not asked for the handle has no use for it once the process was reaped. */
  #closeUnused(): void {
    if (!this.#end.status || this.#pidfd || this.#uses > 0) return;
    this.#handle.closedReason = "nobody had asked for child.handle when the child ended";
    this.#handle.close();
  }

  async #waitContained(status: Promise<ExitStatus>, options: WaitOptions): Promise<ExitStatus> {
    const { timeoutMs, signal } = checkedOptions(options);
    await untilExited(this.#handle, timeoutMs, signal);
    return await status;
  }

  /** Has the options end it. */
  #limit({ signal, timeoutMs }: Checked): void {
    const end = () => void this.terminate().catch(reportUncaught);
    if (timeoutMs !== undefined) this.#undo.push(startTimer(timeoutMs, end));
    if (!signal) return;
    signal.addEventListener("abort", end, { once: true });
    this.#undo.push(() => signal.removeEventListener("abort", end));
  }

  #takeBack(): void {
    for (const undo of this.#undo) undo();
    this.#undo = [];
  }
}
