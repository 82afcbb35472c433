/**
 * The handle: one process, for good. Every method is documented here and done in the file of its concept.
 *
 * @module
 */
import { checkPid, show } from "./arguments.ts";
import { exitedOf, setHolding, waitFor, type WaitOptions } from "./awaiting.ts";
import type { ChildLike } from "./child.ts";
import { type ProcessState, reap, stateOf, statusOf, waitSync } from "./ending.ts";
import type { ExitStatus } from "./exit.ts";
import { isSupported } from "./features.ts";
import type { Handle } from "./handle.ts";
import type { ProcessIdentity } from "./identity.ts";
import { infoOf, type ProcessInfo } from "./info.ts";
import { adopt, openChild, openPid, openSelf } from "./opening.ts";
import { openPidfile, writePidfile } from "./pidfile.ts";
import { identityOf, isSame, reopen } from "./recognising.ts";
import { sendSignal } from "./signalling.ts";
import { type Signal, signalNumber } from "./signals.ts";
import { terminate, type TerminateOptions, type Termination } from "./terminating.ts";

/** What is inside a handle, for the other concepts that act on it. Throws for what is no `Pidfd`. */
export let handleOf: (pidfd: Pidfd) => Handle;

/** The `Pidfd` of a handle that was made elsewhere in this module. */
export let pidfdOf: (handle: Handle) => Pidfd;

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
  readonly #handle: Handle;

  static {
    handleOf = (pidfd) => pidfd.#handle;
    pidfdOf = (handle) => new Pidfd(handle, PRIVATE);
  }

  /** Use {@linkcode Pidfd.open} and its like: a handle owns its descriptor, so it can't be made from just any. */
  private constructor(handle: Handle, key: typeof PRIVATE) {
    if (key !== PRIVATE) throw new TypeError("Cannot make a Pidfd: use Pidfd.open() and its like");
    this.#handle = handle;
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
    return new Pidfd(openPid(checkPid("open a process", pid)), PRIVATE);
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
    return new Pidfd(openChild(child), PRIVATE);
  }

  /**
   * Opens the calling process. Workers are threads of it: they all get a handle of the same process.
   *
   * @throws {PidfdOpenFailedError} As {@linkcode Pidfd.open}.
   */
  static self(): Pidfd {
    return new Pidfd(openSelf(), PRIVATE);
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
    return new Pidfd(adopt(fd), PRIVATE);
  }

  /**
   * Opens the very process that an identity names, which {@linkcode Pidfd.identity} gave: in this program, in an earlier
   * run of it, or in another one. Whoever has its pid by now is not taken for it.
   *
   * By inode from Linux 6.9, without the pid from Linux 6.14; before that by the start time.
   *
   * @param identity The object, also as it came from JSON; its text `PID:INODE@BOOT`; or util-linux's `PID:INODE`, which
   * is taken to be of this boot.
   * @returns Null if that process is gone: it was reaped, the system has booted since, or it can't be seen from our pid
   * namespace. A zombie is not gone: its status can still be had.
   * @throws {TypeError} If `identity` is none.
   * @throws {PidfdError} `EOPNOTSUPP` if it names an inode, and inodes can't be told here; `ENOENT` or `EACCES` if /proc does not
   * tell the id of this boot or, before Linux 6.9, the start time.
   * @throws {PidfdOpenFailedError} As {@linkcode Pidfd.open}, but for `ESRCH` and `ENOENT`, which give null.
   *
   * @example Store who it is, and find it again
   * ```ts
   * import { spawn } from "node:child_process";
   * import { Pidfd } from "@x/pidfd";
   *
   * const handle = Pidfd.of(spawn("sleep", ["1000"]));
   * const stored = JSON.stringify(handle.identity());
   * const again = Pidfd.reopen(JSON.parse(stored));
   * console.log(again?.equals(handle)); // true
   * again?.close();
   * handle.signal("SIGKILL");
   * handle.close();
   * ```
   */
  static reopen(identity: ProcessIdentity | string): Pidfd | null {
    const handle = reopen(identity);
    return handle && new Pidfd(handle, PRIVATE);
  }

  /**
   * Opens the process that a pid file names, if it is certain that it is that very one. The first line is read: a bare
   * pid, util-linux's `PID:INODE`, or what {@linkcode Pidfd.writePidfile} writes.
   *
   * A bare pid is believed if its process was started before the file was last written, to a hundredth of a second (to two
   * seconds where the file system keeps whole seconds), by today's clock. That is the best that can be had from a number.
   *
   * @param path A file's path, at most 4095 bytes.
   * @returns Null if the file is stale: its process has ended, is younger than the file, or is of another boot or pid
   * namespace.
   * @throws {TypeError} If `path` is no string, is empty, or has a zero in it.
   * @throws {RangeError} If `path` is too long.
   * @throws {PidfdError} `ENOENT` if there is no such file; `EACCES`, `EISDIR` and the like if it can't be read; `EINVAL` if it names
   * no process; else as {@linkcode Pidfd.reopen}. For a bare pid `ENOENT` or `EACCES` with `syscall` "read" if its start time
   * can't be read.
   */
  static fromPidfile(path: string): Pidfd | null {
    const handle = openPidfile(path);
    return handle && new Pidfd(handle, PRIVATE);
  }

  /**
   * The number that the process had when it was opened. For showing, never for acting: it may name a stranger by now.
   *
   * @throws {PidfdError} For an adopted descriptor only: `ESRCH` if its process was gone already, `EREMOTE` if it lives in a pid
   * namespace that can't be seen from here. Then there is no number.
   */
  get pid(): number {
    return this.#handle.pid;
  }

  /**
   * The descriptor, which stays the handle's: it can be polled (readable once the process has ended) and is closed on
   * exec.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  get fd(): number {
    return this.#handle.fd;
  }

  /** Whether the handle was closed or detached. */
  get closed(): boolean {
    return this.#handle.closed;
  }

  /**
   * Whether the process runs. A stopped one does; a zombie, which has ended and was not reaped, does not.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  isAlive(): boolean {
    return this.#handle.isAlive();
  }

  /**
   * Whether the process runs, has ended, or has ended and was reaped by its parent.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  state(): ProcessState {
    return stateOf(this.#handle);
  }

  /**
   * What is told about the process at once: pids, users and groups, cgroup, start, name, program, namespaces, how it
   * ended. From PIDFD_GET_INFO (Linux 6.13), and from /proc for what the kernel is too old for, or does not tell there;
   * what is read from /proc is certain to be this process's. What can't be told is absent.
   *
   * A zombie tells all but its program and namespaces. One that was reaped tells how it ended and its cgroup's id (Linux
   * 6.15), one in a pid namespace that can't be seen from here no more than its state. Of other users' processes, program
   * and namespaces are hidden; where /proc is mounted with `hidepid`, only what PIDFD_GET_INFO has is told.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed; `EMFILE`, `ENFILE` or `ENOMEM` if /proc can't be read for want of them.
   *
   * @example Who is it?
   * ```ts
   * import { Pidfd } from "@x/pidfd";
   *
   * const handle = Pidfd.self();
   * const { ppid, credentials, startTime, name, executable } = handle.info();
   * console.log(ppid === process.ppid); // true
   * console.log(credentials?.euid === process.geteuid?.()); // true
   * console.log(startTime! < new Date()); // true
   * console.log(name, executable);
   * handle.close();
   * ```
   */
  info(): ProcessInfo {
    return infoOf(this.#handle);
  }

  /**
   * Who the process is, to be stored and found again by {@linkcode Pidfd.reopen}: as JSON, or by `String()` as a short text
   * such as `4242:14291@5f8b…`. It holds for one boot.
   *
   * By inode from Linux 6.9, also after the process was reaped. Before that by the start time, for which the call blocks up to a
   * hundredth of a second where the process is younger than that: afterwards nobody else can have the same one.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed; `ENOENT` or `EACCES` if /proc does not tell the id of this boot or, before
   * Linux 6.9, the start time; `ESRCH` if it was reaped, before Linux 6.9 or for an adopted descriptor; `EREMOTE` for an adopted
   * descriptor whose process can't be seen from here.
   *
   * @example
   * ```ts
   * import { Pidfd } from "@x/pidfd";
   *
   * const handle = Pidfd.self();
   * console.log(handle.identity().pid === process.pid); // true
   * console.log(JSON.stringify(handle.identity()), String(handle.identity()));
   * handle.close();
   * ```
   */
  identity(): ProcessIdentity {
    return identityOf(this.#handle);
  }

  /**
   * Whether both handles name one process, also after it has ended.
   *
   * @throws {TypeError} If `other` is no `Pidfd`.
   * @throws {PidfdError} `EBADF` if one of the handles is closed. Before Linux 6.9 `ESRCH` or `EREMOTE` if both processes have no number
   * here any more, because then nobody can tell.
   */
  equals(other: Pidfd): boolean {
    if (typeof other === "object" && other !== null && #handle in other) {
      return isSame(this.#handle, other.#handle);
    }
    throw new TypeError(`Cannot compare processes: "other" must be a Pidfd: ${show(other)}`);
  }

  /**
   * Writes who the process is into a pid file, as {@linkcode Pidfd.identity} tells: one line that
   * {@linkcode Pidfd.fromPidfile} reads, and that no tool takes for a bare pid. The file appears whole or not at all, readable for all. A
   * stale one is replaced; so is one of this very process.
   *
   * Of several programs that write it at one time through this call, exactly one wins. The new file is made beside the old
   * one, as PATH.pidfd-new, and then takes its place; the folder must let you do so.
   *
   * @param path A file's path, at most 4085 bytes.
   * @throws {TypeError} If `path` is no string, is empty, or has a zero in it.
   * @throws {RangeError} If `path` is too long.
   * @throws {PidfdError} `EEXIST` if the file names another process that runs, with its `pid`; `EAGAIN` if somebody else is
   * writing the file at this moment; `EINVAL` if there is a file that names no process, which is left alone; `EPERM` if
   * PATH.pidfd-new is somebody else's; `ENAMETOOLONG`, `EACCES`, `ENOENT`, `EROFS`, `ENOSPC` and the like if it can't be written; `ESRCH` if the
   * process has ended; else as {@linkcode Pidfd.identity} and {@linkcode Pidfd.fromPidfile}.
   *
   * @example One instance only
   * ```ts
   * import { rmSync } from "node:fs";
   * import { Pidfd, PidfdError } from "@x/pidfd";
   *
   * const path = `/tmp/example-${process.pid}.pid`;
   * const self = Pidfd.self();
   * try {
   *   self.writePidfile(path);
   *   console.log(Pidfd.fromPidfile(path)?.equals(self)); // true
   *   rmSync(path);
   * } catch (error) {
   *   if (!(error instanceof PidfdError) || error.code !== "EEXIST") throw error;
   *   console.log(`it runs already, as ${error.pid}`);
   * }
   * self.close();
   * ```
   */
  writePidfile(path: string): void {
    writePidfile(this.#handle, path);
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
    return sendSignal(this.#handle, number);
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
    return statusOf(this.#handle);
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
    return waitSync(this.#handle, timeoutMs);
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
    return exitedOf(this.#handle);
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
    return await waitFor(this.#handle, options);
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
    return await terminate(this.#handle, options);
  }

  /** Lets pending and later waits on this handle keep the program alive, as they do at first. */
  ref(): this {
    setHolding(this.#handle, true);
    return this;
  }

  /** Lets the program end although a wait on this handle is pending. */
  unref(): this {
    setHolding(this.#handle, false);
    return this;
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
    return reap(this.#handle);
  }

  /**
   * Gives the descriptor up without closing it; pending waits reject with `EBADF`. It is yours, to hand to a Worker ({@linkcode Pidfd.adopt}) or to close.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  detach(): number {
    return this.#handle.detach();
  }

  /** Closes the handle; the process lives on. Pending waits reject with `EBADF`. A second call does nothing. */
  close(): void {
    this.#handle.close();
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
    return `Pidfd { pid: ${this.#handle.knownPid ?? "unknown"}, state: "${state}" }`;
  }
}

/** Known in this file alone; at run time `private` would keep nobody out. */
const PRIVATE = Symbol("Pidfd");
