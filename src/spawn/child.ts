/**
 * A process that this program has started.
 *
 * @module
 */
import { reportUncaught, startTimer } from "../../ffi/timer.ts";
import { Handle } from "../handle/handle.ts";
import { ECHILD } from "../kernel/constants.ts";
import { PidfdError } from "../kernel/errors.ts";
import type { ExitStatus } from "../kernel/exit.ts";
import { showBy } from "../kernel/inspection.ts";
import { type Signal, signalNumber } from "../kernel/signals.ts";
import { type Pidfd, pidfdOf } from "../pidfd.ts";
import { sendSignal } from "../process/signal.ts";
import { reap } from "../process/state.ts";
import { terminate, type TerminateOptions, type Termination } from "../process/terminate.ts";
import { checkedLimits, waitFor, type WaitOptions } from "../process/wait.ts";
import { setRef, waitsOf } from "../process/waits.ts";
import type { Checked } from "./options.ts";
import { checkOutputOptions, type ChildOutput, collect, type OutputOptions } from "./output.ts";
import { Pipes } from "./pipes.ts";
import type { ChildDuplex, ChildReadable, ChildWritable } from "./streams.ts";

/** What a started process is. */
interface Started {
  readonly pid: number;
  readonly pidfd: number;
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
 * object alone.
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
  readonly #graceMs: number;
  #end!: PromiseWithResolvers<ExitStatus>;
  #hasFailed = false;
  #status: ExitStatus | null = null;
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
  private constructor({ pid, pidfd, ends, checked }: Started, key: typeof PRIVATE) {
    if (key !== PRIVATE) throw new TypeError("Cannot make a Child: use spawn()");
    this.#pid = pid;
    this.#handle = new Handle(pidfd, pid);
    this.#handle.isBorrowed = true;
    this.#pipes = new Pipes(ends, checked.fds);
    this.#graceMs = checked.graceMs;
    this.#begin();
    this.#limit(checked);
  }

  /** Its pid, also when it has ended: the number may be another process's by then. */
  get pid(): number {
    return this.#pid;
  }

  /**
   * The handle it was born with. It stays open for as long as this object is used, and closing it
   * does nothing.
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
    this.#tryAgain();
    return this.#end.promise;
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
    if (this.#status) {
      const { signal } = checkedLimits("wait for a process", options);
      return signal?.aborted ? Promise.reject(signal.reason) : this.status;
    }
    this.#tryAgain();
    return this.#keepOpen(() => waitFor(this.#handle, options));
  }

  /**
   * Ends it: sends SIGTERM, waits `graceMs`, sends SIGKILL, and waits for the end.
   *
   * @throws {PidfdSignalFailedError} `EPERM` if it has become another user's.
   * @throws {TypeError} If an option is of a wrong type.
   * @throws {RangeError} If a number is outside its range.
   */
  async terminate(options: TerminateOptions = {}): Promise<Termination> {
    if (this.#status) return { status: this.#status, forced: false, durationMs: 0 };
    const all = { graceMs: this.#graceMs, ...options };
    const termination = await this.#keepOpen(() => terminate(this.#handle, all));
    // It is reaped by then.
    return { ...termination, status: await this.status };
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
    return this.#status === null && sendSignal(this.#handle, number);
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
    this.#pipes.setRef(true);
    return this;
  }

  /** Lets this program end although it runs, its streams are open, and its handle is waited on. */
  unref(): this {
    setRef(this.#handle, false);
    this.#pipes.setRef(false);
    return this;
  }

  /** Terminates it, and closes its streams and its handle. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.terminate();
      await this.status;
    } finally {
      this.#pipes.close();
      this.#handle.close();
    }
  }

  #begin(): void {
    this.#end = Promise.withResolvers();
    // A failure reaches whoever asks for the status; that nobody does must not end the program.
    this.#end.promise.catch(() => {});
    this.#awaitEnd();
  }

  /** After a wait that failed, for want of memory for example, it would stay a zombie. */
  #tryAgain(): void {
    if (!this.#hasFailed) return;
    this.#hasFailed = false;
    this.#begin();
  }

  /** Reaps it once it has ended. */
  #awaitEnd(): void {
    const onFailure = (error: unknown) => this.#fail(error);
    try {
      waitsOf(this.#handle).listen("exited", () => this.#reap(), onFailure);
    } catch (error) {
      // The process runs already: whoever gets no Child could not end it.
      this.#fail(error);
    }
  }

  #reap(): void {
    try {
      const status = reap(this.#handle);
      if (status) this.#settle(status);
      else this.#awaitEnd();
    } catch (error) {
      // Where SIGCHLD is ignored, the kernel reaps children itself.
      const isReaped = error instanceof PidfdError && error.errno === ECHILD;
      if (!isReaped) return this.#fail(error);
      const statusMs = 10;
      waitFor(this.#handle, { statusMs }).then(
        (status) => this.#settle(status),
        (error) => this.#fail(error),
      );
    }
  }

  #settle(status: ExitStatus): void {
    this.#status = status;
    this.#end.resolve(status);
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
    if (this.#status && !this.#pidfd && this.#uses === 0) this.#handle.close();
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.#end.reject(error);
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
