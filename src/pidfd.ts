/**
 * The handle: one process, for good.
 *
 * @module
 */
import {
  checkAbortSignal,
  checkFd,
  checkInteger,
  checkOptions,
  checkPid,
  show,
} from "./arguments.ts";
import {
  EBADF,
  EINVAL,
  ENOSYS,
  ENOTTY,
  EREMOTE,
  ESRCH,
  POLLHUP,
  POLLIN,
  POLLNVAL,
} from "./constants.ts";
import { type ChildLike, hasEnded, runtimeStatus } from "./child.ts";
import { Descriptor, isOwned } from "./descriptor.ts";
import { check, failure, type PidfdError } from "./errors.ts";
import { type ExitStatus, isOwnChild, peekExit, reapExit, UNKNOWN } from "./exit.ts";
import { feature, isSupported } from "./features.ts";
import { native } from "./native.ts";
import { type Signal, signalNumber } from "./signals.ts";
import { Waiting } from "./waiting.ts";
import type { WatchEvent } from "./watcher.ts";

/** Where a process is on its way out: it runs, it has ended and waits for its parent, its parent has reaped it. */
export type ProcessState = "running" | "exited" | "reaped";

/** How a wait may end before its process does. */
export interface WaitOptions {
  /** Milliseconds from 0 to 2147483647; without limit if left out. */
  readonly timeoutMs?: number;
  /** Gives the wait up when it is aborted. */
  readonly signal?: AbortSignal;
}

/** How to end a process. */
export interface TerminateOptions {
  /** The polite signal; SIGTERM if left out. */
  readonly killSignal?: Signal | number;
  /** How long to wait before SIGKILL: milliseconds from 0 to 2147483647; 5000 if left out. */
  readonly graceMs?: number;
  /** Gives up, at whatever point, when it is aborted. */
  readonly signal?: AbortSignal;
}

/** How a process was ended. */
export interface Termination {
  /** How it ended. */
  readonly status: ExitStatus;
  /** Whether SIGKILL was needed. */
  readonly forced: boolean;
  /** From the polite signal to the end, in milliseconds. */
  readonly durationMs: number;
}

/**
 * A handle of one process, which names that process for as long as the handle is open: also after it has ended, and
 * after its pid was given to somebody else. Closing the handle does nothing to the process (unlike the `dispose` of a
 * runtime's own child object, which ends the child).
 *
 * Needs Linux 5.3. See {@link https://man7.org/linux/man-pages/man2/pidfd_open.2.html pidfd_open(2)}.
 *
 * @example Start a process, and signal that very process
 * ```ts
 * import { spawn } from "node:child_process";
 * import { Pidfd } from "@x/pidfd";
 *
 * const handle = Pidfd.of(spawn("sleep", ["1000"]));
 * console.log(handle.isAlive()); // true
 * handle.signal("SIGKILL");
 * handle.close();
 * ```
 */
export class Pidfd implements Disposable {
  readonly #descriptor: Descriptor;
  #pid: number;
  /** What was told once stays told, also where the kernel keeps no exit records. */
  #status: ExitStatus | null = null;
  #isReapedByUs = false;
  /** Made at the first wait: most handles are never waited for. */
  #waits: Waiting | undefined;
  #exited: Promise<void> | undefined;
  #isHolding = true;
  /** The runtime's own object, for a handle that `of` made. */
  #child: ChildLike | undefined;

  /** Use {@linkcode Pidfd.open} and its like: a handle owns its descriptor, so it can't be made from just any. */
  private constructor(fd: number, pid: number, key: typeof PRIVATE) {
    if (key !== PRIVATE) throw new TypeError("Cannot make a Pidfd: use Pidfd.open() and its like");
    this.#descriptor = new Descriptor(fd, this);
    this.#pid = pid;
  }

  /**
   * Whether processes can be opened, signalled and watched here, found out by really doing so: false on other systems,
   * on Linux before 5.3, and where a seccomp profile forbids it. `features()` tells why. Never throws.
   */
  static get supported(): boolean {
    return isSupported();
  }

  /**
   * Opens the process that has this pid now. Whether that is the one you mean is certain only for your own children
   * that were not reaped yet, or after you have checked it through the handle.
   *
   * No permission over the process is needed, and it need not be a child. Needs Linux 5.3, pidfd_open(2).
   *
   * @param pid An integer from 1 to 2147483647.
   * @throws {TypeError} If `pid` is no number.
   * @throws {RangeError} If `pid` is outside that range.
   * @throws {PidfdOpenFailedError} `ESRCH` if there is no such process; `ENOENT` if it is the id of a thread (before
   * Linux 6.16 that is `ESRCH` too); `EMFILE` or `ENFILE` if no descriptor is free; `ENOMEM`; `ENOSYS` on other systems and
   * before Linux 5.3; `EPERM`, `EACCES` or `ENOSYS` from a seccomp profile.
   *
   * @example Is it still there?
   * ```ts
   * import { Pidfd } from "@x/pidfd";
   *
   * const parent = Pidfd.open(process.ppid);
   * console.log(parent.isAlive()); // true
   * parent.close();
   * ```
   */
  static open(pid: number): Pidfd {
    return openPid(checkPid("open a process", pid), (fd) => new Pidfd(fd, pid, PRIVATE));
  }

  /**
   * Opens a child that a runtime has started: Node's `ChildProcess`, `Deno.ChildProcess`, `Bun.Subprocess`, execa's.
   * Call it in the tick that spawned the child, before the next `await`: until then the runtime can't have reaped it, and
   * its pid can't have been given away. It is checked that the process is a child of this one that nobody has reaped.
   *
   * Needs Linux 5.4, waitid(2).
   *
   * @throws {TypeError} If `child` has no pid (the program could not be started).
   * @throws {PidfdOpenFailedError} `ESRCH` if the child was reaped already; else as {@linkcode Pidfd.open}.
   *
   * @example In the tick that spawned it
   * ```ts
   * import { spawn } from "node:child_process";
   * import { Pidfd } from "@x/pidfd";
   *
   * const child = spawn("true");
   * const handle = Pidfd.of(child);
   * console.log(handle.pid === child.pid); // true
   * handle.close();
   * ```
   */
  static of(child: ChildLike): Pidfd {
    const action = "open a child";
    if (typeof child !== "object" || child === null) {
      throw new TypeError(`Cannot ${action}: "child" must be a child process: ${show(child)}`);
    }
    if (child.pid === undefined) {
      throw new TypeError(`Cannot ${action}: it has no pid, because it was not started`);
    }
    const pid = checkPid(action, child.pid);
    if (hasEnded(child)) throw goneChild(pid);
    return openPid(pid, (fd) => {
      if (isOwnChild(native(), fd)) {
        const handle = new Pidfd(fd, pid, PRIVATE);
        handle.#child = child;
        return handle;
      }
      native().close(fd);
      throw goneChild(pid);
    });
  }

  /**
   * Opens the calling process. Workers are threads of it: they all get a handle of the same process.
   *
   * @throws {PidfdOpenFailedError} As {@linkcode Pidfd.open}.
   */
  static self(): Pidfd {
    const pid = native().own_pid();
    return openPid(pid, (fd) => new Pidfd(fd, pid, PRIVATE));
  }

  /**
   * Takes over a descriptor that is a pidfd: one that {@linkcode Pidfd.detach} gave up, that another process handed
   * over, or that a parent let through. From then on the handle owns it. If this throws, it is still yours.
   *
   * @param fd An integer from 0 to 2147483647.
   * @throws {TypeError} If `fd` is no number, is no pidfd, or has an owner in this thread already.
   * @throws {RangeError} If `fd` is outside that range.
   * @throws {PidfdError} `EBADF` if `fd` is not open.
   */
  static adopt(fd: number): Pidfd {
    const action = "adopt a descriptor";
    checkFd(action, fd);
    if (isOwned(fd)) throw new TypeError(`Cannot ${action}: a handle owns it already: ${fd}`);
    const pid = native().pid_of(fd);
    if (pid === ENOTTY) throw new TypeError(`Cannot ${action}: it is not a pidfd: ${fd}`);
    // A process that is gone, or that lives in another pid namespace, has no number here but can be held.
    if (pid !== ESRCH && pid !== EREMOTE) check(pid, "pidfd_getpid");
    check(native().set_close_on_exec(fd), "fcntl");
    return new Pidfd(fd, pid, PRIVATE);
  }

  /**
   * The number that the process had when it was opened. For showing, never for acting: it may name a stranger by now.
   *
   * @throws {PidfdError} For an adopted descriptor only: `ESRCH` if its process was gone already, `EREMOTE` if it lives in a pid
   * namespace that can't be seen from here. Then there is no number.
   */
  get pid(): number {
    return check(this.#pid, "pidfd_getpid");
  }

  /**
   * The descriptor, which stays the handle's: it can be polled (readable once the process has ended) and is closed on
   * exec.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  get fd(): number {
    const { fd } = this.#descriptor;
    if (fd >= 0) return fd;
    throw failure({
      errno: EBADF,
      syscall: "pidfd",
      pid: this.#knownPid,
      reason: "the handle is closed",
    });
  }

  /** Whether the handle was closed or detached. */
  get closed(): boolean {
    return this.#descriptor.fd < 0;
  }

  /**
   * Whether the process runs. A stopped one does; a zombie, which has ended and was not reaped, does not.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  isAlive(): boolean {
    return this.#look() === 0;
  }

  /**
   * Whether the process runs, has ended, or has ended and was reaped by its parent.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  state(): ProcessState {
    const events = this.#look();
    if (events === 0) return "running";
    if (events & POLLHUP || this.#isReapedByUs) return "reaped";
    // Before Linux 6.9 there is no POLLHUP; a process that was reaped has no pid any more.
    return native().pid_of(this.fd) === ESRCH ? "reaped" : "exited";
  }

  /**
   * Sends a signal to this very process, whoever has its pid by now. Looks and sends in one native call.
   *
   * Needs Linux 5.1, pidfd_send_signal(2).
   *
   * @param signal A name ("SIGTERM", "TERM", "SIGRTMIN+3") or a number from 0 to 64, where 0 only asks whether it could be
   * signalled. SIGTERM if left out, as in kill(1).
   * @returns Whether it was sent; false if the process had already ended, also as a zombie.
   * @throws {TypeError} If `signal` is an unknown name, or neither a string nor a number.
   * @throws {RangeError} If `signal` is a number outside that range.
   * @throws {PidfdSignalFailedError} `EPERM` if you may not signal it; `EREMOTE` if it lives in a pid namespace that can't be
   * seen from here; `EAGAIN` if its queue of real-time signals is full; `ENOSYS` from a seccomp profile.
   * @throws {PidfdError} `EBADF` if the handle is closed.
   *
   * @example Nobody is hit after the end
   * ```ts
   * import { spawn } from "node:child_process";
   * import { Pidfd } from "@x/pidfd";
   *
   * const handle = Pidfd.of(spawn("sleep", ["1000"]));
   * console.log(handle.signal("KILL")); // true
   * handle.waitSync();
   * console.log(handle.signal("KILL")); // false
   * handle.close();
   * ```
   */
  signal(...given: [signal?: Signal | number]): boolean {
    // An argument that was given as undefined is a mistake of the caller, not a wish for SIGTERM.
    const number = signalNumber(given.length === 0 ? "SIGTERM" : given[0]);
    const { fd } = this;
    const result = native().signal(fd, number, 0);
    if (result === 0) return true;
    if (result === ESRCH) return false;
    // The kernel says EINVAL for a process that it can't see from here; the arguments were checked.
    const isElsewhere = result === EINVAL && native().pid_of(fd) === EREMOTE;
    const errno = isElsewhere ? EREMOTE : result;
    throw failure({ errno, syscall: "pidfd_send_signal", pid: this.#knownPid });
  }

  /**
   * How the process ended, or null while it runs. Never waits and never reaps.
   *
   * Told for a child of this process as soon as it has ended (Linux 5.4), and for any process once its parent has reaped it,
   * if the handle was opened before (Linux 6.15). Otherwise `known` is false, and nothing is guessed; ask again after the
   * reap.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  status(): ExitStatus | null {
    if (this.#look() === 0) return null;
    if (this.#status) return this.#status;
    const status = peekExit(native(), this.fd);
    if (status.known) this.#status = status;
    return status;
  }

  /**
   * Blocks this JavaScript thread until the process has ended and, where the kernel will tell how, until it tells: for a
   * child at once, for anybody else's process when its parent reaps it. Nothing else runs in this thread meanwhile.
   *
   * @param timeoutMs Milliseconds from 0 to 2147483647; without limit if left out.
   * @returns How it ended, or null if it still runs when the time is up. One that has ended but was not reaped when the
   * time is up has a status that is not known.
   * @throws {TypeError} If `timeoutMs` is given and no number.
   * @throws {RangeError} If `timeoutMs` is no integer of that range.
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  waitSync(timeoutMs?: number): ExitStatus | null {
    const limit = timeoutMs === undefined
      ? -1
      : checkInteger("wait for a process", "timeoutMs", timeoutMs, 0);
    const start = performance.now();
    if (this.#poll(POLLIN, limit) === 0) return null;
    const status = this.status();
    if (status === null || status.known || !feature("PIDFD_INFO_EXIT").available) return status;
    // It is somebody else's zombie: the kernel tells how it ended when its parent reaps it, and says so by POLLHUP.
    const left = limit < 0 ? -1 : Math.max(0, Math.ceil(limit - (performance.now() - start)));
    this.#poll(0, left);
    return this.status();
  }

  /**
   * Resolves when the process has ended; it may still be a zombie then. Keeps the program alive, unless `unref()` says
   * otherwise. Nothing polls: a native thread sleeps until the kernel wakes it.
   *
   * Rejects with a {@linkcode PidfdError}: `EBADF` if the handle is closed first; `EMFILE`, `ENFILE`, `ENOMEM` or `EAGAIN` if the
   * watcher can't be started.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   *
   * @example Whoever started it
   * ```ts
   * import { spawn } from "node:child_process";
   * import { Pidfd } from "@x/pidfd";
   *
   * const handle = Pidfd.open(spawn("sleep", ["0.1"]).pid!);
   * await handle.exited;
   * console.log(handle.isAlive()); // false
   * handle.close();
   * ```
   */
  get exited(): Promise<void> {
    if (this.#exited) return this.#exited;
    const promise = this.#look() === 0
      ? this.#waiting.until("exited").then(() => {})
      : Promise.resolve();
    this.#exited = promise;
    // Whoever awaits it hears of a failure; the property alone must not end the program, nor keep a failure for ever.
    promise.catch(() => this.#exited = undefined);
    return promise;
  }

  /**
   * Waits, without blocking, until the process has ended and until the kernel tells how: for a child at once, for anybody
   * else's process when its parent reaps it. Before Linux 6.15 the status of somebody else's process is not known, and the
   * wait is over at its end. Never reaps. Keeps the program alive, unless `unref()` says otherwise.
   *
   * @returns How it ended.
   * @throws {TypeError} If an option is of a wrong type.
   * @throws {RangeError} If `timeoutMs` is no integer of its range.
   * @throws {DOMException} `TimeoutError` when the time is up.
   * @throws The reason of `signal`, when it is aborted.
   * @throws {PidfdError} `EBADF` if the handle is closed, now or during the wait; `EMFILE`, `ENFILE`, `ENOMEM` or `EAGAIN` if the
   * watcher can't be started. The next wait tries again.
   *
   * @example The exit status of a process, with a limit
   * ```ts
   * import { spawn } from "node:child_process";
   * import { Pidfd } from "@x/pidfd";
   *
   * const handle = Pidfd.of(spawn("sh", ["-c", "exit 7"]));
   * const { code } = await handle.wait({ timeoutMs: 10_000 });
   * console.log(code); // 7
   * handle.close();
   * ```
   */
  async wait(options: WaitOptions = {}): Promise<ExitStatus> {
    const action = "wait for a process";
    const { timeoutMs, signal } = checkOptions(action, options);
    if (timeoutMs !== undefined) checkInteger(action, "timeoutMs", timeoutMs, 0);
    checkAbortSignal(action, signal);
    signal?.throwIfAborted();
    const status = this.status();
    if (status?.known) return status;
    return await this.#waiting.until("told", { timeoutMs, signal });
  }

  /**
   * Asks the process to end, waits, forces it with SIGKILL when the grace is over, and waits until it has ended. All of it
   * through this handle: at no point can a stranger be hit.
   *
   * @returns How it ended, as far as that is told at its end, and whether it had to be forced.
   * @throws {TypeError} If an option is of a wrong type, or `killSignal` an unknown name.
   * @throws {RangeError} If a number is outside its range.
   * @throws The reason of `signal`, when it is aborted; the process is then left as it is.
   * @throws {PidfdSignalFailedError} `EPERM` if you may not signal it; else as {@linkcode Pidfd.signal}.
   * @throws {PidfdError} As {@linkcode Pidfd.wait}.
   *
   * @example Politely, then by force
   * ```ts
   * import { spawn } from "node:child_process";
   * import { Pidfd } from "@x/pidfd";
   *
   * const handle = Pidfd.of(spawn("sleep", ["1000"]));
   * const { forced } = await handle.terminate({ graceMs: 2000 });
   * console.log(forced); // false
   * handle.close();
   * ```
   */
  async terminate(options: TerminateOptions = {}): Promise<Termination> {
    const action = "terminate a process";
    const { killSignal = "SIGTERM", graceMs = 5000, signal } = checkOptions(action, options);
    const number = signalNumber(killSignal);
    checkInteger(action, "graceMs", graceMs, 0);
    checkAbortSignal(action, signal);
    signal?.throwIfAborted();
    const start = performance.now();
    this.signal(number);
    const forced = !(await this.#endsWithin(graceMs, signal)) && this.signal("SIGKILL");
    if (forced && this.isAlive()) await this.#waiting.until("exited", { signal });
    return { status: this.status()!, forced, durationMs: performance.now() - start };
  }

  async #endsWithin(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (!this.isAlive()) return true;
    try {
      await this.#waiting.until("exited", { timeoutMs, signal });
      return true;
    } catch (error) {
      const isTimeUp = !signal?.aborted && (error as Error | undefined)?.name === "TimeoutError";
      if (isTimeUp) return !this.isAlive();
      throw error;
    }
  }

  /** Lets pending and later waits on this handle keep the program alive, as they do at first. */
  ref(): this {
    return this.#hold(true);
  }

  /** Lets the program end although a wait on this handle is pending. */
  unref(): this {
    return this.#hold(false);
  }

  #hold(isHolding: boolean): this {
    this.#isHolding = isHolding;
    this.#waits?.hold(isHolding);
    return this;
  }

  get #waiting(): Waiting {
    if (this.#waits) return this.#waits;
    // The waits hold the handle, so that it is never collected, and closed, under a pending one.
    const waits = new Waiting({
      handle: this,
      learn: (event) => this.#learn(event),
      willTellMore: () => feature("PIDFD_INFO_EXIT").available,
      runtimeStatus: () => this.#askRuntime(),
    });
    waits.hold(this.#isHolding);
    this.#waits = waits;
    return waits;
  }

  #learn({ status }: WatchEvent): ExitStatus {
    if (status) this.#status ??= status;
    return this.#status ?? this.status() ?? UNKNOWN;
  }

  async #askRuntime(): Promise<ExitStatus> {
    // A runtime whose child somebody else has reaped rejects: then it knows nothing either.
    const status = this.#child ? await runtimeStatus(this.#child).catch(() => null) : null;
    if (status) this.#status ??= status;
    return status ?? UNKNOWN;
  }

  /**
   * Reaps a child of this process that has ended: the kernel forgets it, and its pid is free. The only call here that
   * reaps. **Never use it on a child that your runtime has started:** Node would never see that child's `exit`, and the
   * promises of Deno and Bun would reject.
   *
   * Needs Linux 5.4, waitid(2).
   *
   * @returns How it ended; null while it runs. A second call answers the same again.
   * @throws {PidfdError} `ECHILD` if it is not a child of this process, or was reaped by somebody else; `EINVAL` before Linux 5.4;
   * `EBADF` if the handle is closed.
   */
  reap(): ExitStatus | null {
    const { fd } = this;
    if (this.#isReapedByUs) return this.#status;
    const status = reapExit(native(), fd, this.#knownPid);
    if (status === null) return null;
    this.#isReapedByUs = true;
    this.#status = status;
    return status;
  }

  /**
   * Gives the descriptor up without closing it; pending waits reject with `EBADF`. It is yours, to hand to a Worker ({@linkcode Pidfd.adopt}) or to close.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  detach(): number {
    const { fd } = this;
    this.#failWaits();
    this.#descriptor.detach();
    return fd;
  }

  /** Closes the handle; the process lives on. Pending waits reject with `EBADF`. A second call does nothing. */
  close(): void {
    this.#failWaits();
    this.#descriptor.close();
  }

  #failWaits(): void {
    const reason = "the handle was closed during the wait";
    const options = { errno: EBADF, syscall: "pidfd", pid: this.#knownPid, reason };
    if (this.#waits) this.#waits.fail(failure(options));
  }

  /** Closes the handle, as {@linkcode Pidfd.close}; the process lives on. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** What `console.log` shows in Node, Bun and Deno: `Pidfd { pid: 4242, state: "running" }`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.#description();
  }

  /** What Deno's own `Deno.inspect` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.#description();
  }

  #description(): string {
    const state = this.closed ? "closed" : this.state();
    return `Pidfd { pid: ${this.#knownPid ?? "unknown"}, state: "${state}" }`;
  }

  get #knownPid(): number | undefined {
    return this.#pid > 0 ? this.#pid : undefined;
  }

  #look(): number {
    return this.#poll(POLLIN, 0);
  }

  #poll(events: number, timeoutMs: number): number {
    const seen = check(native().poll(this.fd, events, timeoutMs), "poll", this.#knownPid);
    if (seen & POLLNVAL) throw failure({ errno: EBADF, syscall: "poll", pid: this.#knownPid });
    return seen;
  }
}

/** Known in this file alone; at run time `private` would keep nobody out. */
const PRIVATE = Symbol("Pidfd");

function openPid(pid: number, take: (fd: number) => Pidfd): Pidfd {
  const fd = native().open(pid, 0);
  if (fd >= 0) {
    // Asked once, with the support: a seccomp filter can make the call "return" a number that is no descriptor.
    if (feature("pidfd_open").available) return take(fd);
    throw failure({ errno: ENOSYS, syscall: "pidfd_open", pid });
  }
  // The arguments were checked, so before Linux 6.16 this is a process that is being reaped just now, or a thread.
  throw failure({ errno: fd === EINVAL ? ESRCH : fd, syscall: "pidfd_open", pid });
}

function goneChild(pid: number): PidfdError {
  const reason = "this is not a child of this process that is still to be reaped";
  return failure({ errno: ESRCH, syscall: "pidfd_open", pid, reason });
}
