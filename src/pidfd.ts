/**
 * The handle: one process, for good.
 *
 * @module
 */
import { checkFd, checkInteger, checkPid, show } from "./arguments.ts";
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
import { Descriptor, isOwned } from "./descriptor.ts";
import { check, failure, type PidfdError } from "./errors.ts";
import { type ExitStatus, isOwnChild, peekExit, reapExit } from "./exit.ts";
import { feature, isSupported } from "./features.ts";
import { native } from "./native.ts";
import { type Signal, signalNumber } from "./signals.ts";

/** What a child process looks like in every runtime: ChildProcess, Deno.ChildProcess, Bun.Subprocess, execa's. */
export interface ChildLike {
  /** Its pid; undefined where the program could not be started. */
  readonly pid?: number;
}

/** Where a process is on its way out: it runs, it has ended and waits for its parent, its parent has reaped it. */
export type ProcessState = "running" | "exited" | "reaped";

/** Node's and Bun's children say so when they have seen their process end; its pid may be somebody else's then. */
interface EndedChild {
  readonly exitCode?: number | null;
  readonly signalCode?: string | null;
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
      if (isOwnChild(native(), fd)) return new Pidfd(fd, pid, PRIVATE);
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
   * Gives the descriptor up without closing it: it is yours, to hand to a Worker ({@linkcode Pidfd.adopt}) or to close.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  detach(): number {
    const { fd } = this;
    this.#descriptor.detach();
    return fd;
  }

  /** Closes the handle; the process lives on. A second call does nothing. */
  close(): void {
    this.#descriptor.close();
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

function hasEnded(child: ChildLike): boolean {
  const { exitCode, signalCode } = child as EndedChild;
  return typeof exitCode === "number" || typeof signalCode === "string";
}

function goneChild(pid: number): PidfdError {
  const reason = "this is not a child of this process that is still to be reaped";
  return failure({ errno: ESRCH, syscall: "pidfd_open", pid, reason });
}
