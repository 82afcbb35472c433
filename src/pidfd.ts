/**
 * The handle: one process, for good. Every method is documented here and done in the file of its
 * concept.
 *
 * @module
 */
import { isSupported } from "./features/features.ts";
import type { ChildLike } from "../ffi/child.ts";
import type { Handle } from "./handle/handle.ts";
import type { ProcessIdentity } from "./identity/identity.ts";
import { openPidfile, removePidfile, writePidfile } from "./identity/pidfile.ts";
import { identityOf, isSame, reopen } from "./identity/reopen.ts";
import { checkPid, show } from "./kernel/arguments.ts";
import type { ExitStatus } from "./kernel/exit.ts";
import { makeDistinct } from "./kernel/inspection.ts";
import type { NamespaceKind } from "./kernel/namespace_kinds.ts";
import { givenSignal, type Signal } from "./kernel/signals.ts";
import type { DetailOptions } from "./proc/processes.ts";
import { duplicateFrom } from "./process/descriptors.ts";
import { infoOf, type ProcessInfo } from "./process/info.ts";
import {
  adviseMemoryOf,
  type MemoryAdvice,
  type MemoryRange,
  releaseMemoryOf,
} from "./process/memory.ts";
import { namespaceOf } from "./process/namespaces.ts";
import {
  fromFd,
  isThreadWanted,
  openChild,
  type OpenOptions,
  openPeer,
  openPid,
  openSelf,
  openThread,
} from "./process/open.ts";
import { sendSignal, type SignalOptions } from "./process/signal.ts";
import { type ProcessState, reap, stateOf, waitSync } from "./process/state.ts";
import { statusOf } from "./process/status.ts";
import { terminate, type TerminateOptions, type Termination } from "./process/terminate.ts";
import { exitedOf, waitFor, type WaitOptions } from "./process/wait.ts";
import { setRef } from "./process/waits.ts";

/**
 * What is inside a handle, for the other concepts that act on it; undefined for what is no `Pidfd`.
 */
export let handleOf: (value: unknown) => Handle | undefined;

/** The `Pidfd` of a handle that was made elsewhere in this module. */
export let pidfdOf: (handle: Handle) => Pidfd;

/**
 * A handle of one process, which names that process for as long as the handle is open: also after
 * it has ended, and after its pid was given to somebody else. Closing the handle does nothing to
 * the process (unlike the `dispose` of a runtime's own child object, which ends the child).
 *
 * Needs Linux 5.3. See {@link https://man7.org/linux/man-pages/man2/pidfd_open.2.html
 * pidfd_open(2)}.
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
    handleOf = (value) => value instanceof Object && #handle in value ? value.#handle : undefined;
    pidfdOf = (handle) => new Pidfd(handle, PRIVATE);
  }

  /**
   * Use {@linkcode Pidfd.open} and its like: a handle owns its descriptor, so it can't be made from
   * just any.
   */
  private constructor(handle: Handle, key: typeof PRIVATE) {
    if (key !== PRIVATE) throw new TypeError("Cannot make a Pidfd: use Pidfd.open() and its like");
    this.#handle = handle;
    makeDistinct(this);
  }

  /**
   * Whether processes can be opened, signalled and watched here, found out by really doing so:
   * false on other systems, on Linux before 5.3, where a seccomp profile forbids it, and where the
   * native library can't be loaded, as without the permission `--allow-ffi` (Deno) or
   * `--allow-addons` (Node). `features().pidfd_open.found` tells which it is. Never throws.
   *
   * So false is no reason to signal a bare pid on Linux: a forgotten permission would do that in
   * silence.
   */
  static get supported(): boolean {
    return isSupported();
  }

  /**
   * Opens the process that has this pid now. Whether that is the one you mean is certain only for
   * your own children that were not reaped yet, or after you have checked it through the handle.
   *
   * No permission over the process is needed, and it need not be a child. Needs Linux 5.3,
   * pidfd_open(2).
   *
   * With `thread: true` it opens one thread, by its id as /proc/PID/task lists it. That handle
   * names the thread: `signal()` is for it alone unless a scope says otherwise, and it has ended
   * when the thread has. Nobody waits for a thread, so its state goes from "running" to "reaped" at
   * once, `status()` is what the thread alone ended with (Linux 6.15), and `reap()` always throws
   * `ECHILD`. A signal that ends a process ends all of it, whichever thread it was for. If the
   * thread is the first of its process, it counts as ended when the last one has (before Linux 6.15
   * maybe earlier).
   *
   * @param pid An integer from 1 to 2147483647.
   * @throws {TypeError} If `pid` is no number, or an option is unknown or of a wrong type.
   * @throws {RangeError} If `pid` is outside that range.
   * @throws {PidfdOpenFailedError} `ESRCH` if there is no such process; `ENOENT` if it is the id of
   * a thread and no thread was asked for (before Linux 6.16 that is `ESRCH` too); `ENOSYS` for a
   * thread before Linux 6.9; `EMFILE` or `ENFILE` if no descriptor is free; `ENOMEM`; `ENOSYS` on
   * other systems and before Linux 5.3; `EPERM`, `EACCES` or `ENOSYS` from a seccomp profile.
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
  static open(pid: number, options: OpenOptions = {}): Pidfd {
    checkPid("open a process", pid);
    return new Pidfd(isThreadWanted(options) ? openThread(pid) : openPid(pid), PRIVATE);
  }

  /**
   * Opens a child that a runtime has started: Node's `ChildProcess`, `Deno.ChildProcess`,
   * `Bun.Subprocess`, execa's. Call it in the tick that spawned the child, before the next `await`:
   * until then the runtime can't have reaped it, and its pid can't have been reused. It is checked
   * that the process is a child of this one that nobody has reaped.
   *
   * Needs Linux 5.4, waitid(2).
   *
   * @throws {TypeError} If `child` has no pid (the program could not be started).
   * @throws {PidfdOpenFailedError} `ESRCH` if the child was reaped already; else as {@linkcode
   * Pidfd.open}.
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
   * Opens the calling process. Workers are threads of it: they all get a handle of the same
   * process.
   *
   * @throws {PidfdOpenFailedError} As {@linkcode Pidfd.open}.
   */
  static self(): Pidfd {
    return new Pidfd(openSelf(), PRIVATE);
  }

  /**
   * Opens the process at the other end of a Unix socket: on the side that accepted, who connected;
   * on the side that connected, who listens; on a pair, who made it. Whoever has got the socket
   * from that process since is not meant. The kernel has kept it in mind since then: also if it has
   * ended meanwhile, this opens it and no stranger.
   *
   * Needs Linux 6.5, SO_PEERPIDFD in unix(7).
   *
   * @param socketFd The socket's descriptor, an integer from 0 to 2147483647: see {@linkcode
   * socketFd}. It stays as it is.
   * @throws {TypeError} If `socketFd` is no number.
   * @throws {RangeError} If `socketFd` is outside that range.
   * @throws {PidfdOpenFailedError} `EBADF` if it is not open, `ENOTSOCK` if it is no socket,
   * `ENODATA` if it is not connected or no Unix socket; `ESRCH` if the peer was reaped (before
   * Linux 6.16); `ENOPROTOOPT` before Linux 6.5; `EMFILE` or `ENFILE` if no descriptor is free.
   *
   * @example Both ends of a pair are ours
   * ```ts
   * import { closeFd, Pidfd, socketPair } from "@x/pidfd";
   *
   * const sockets = socketPair();
   * const peer = Pidfd.peer(sockets[0]);
   * console.log(peer.pid === process.pid); // true
   * peer.close();
   * sockets.forEach(closeFd);
   * ```
   */
  static peer(socketFd: number): Pidfd {
    return new Pidfd(openPeer(socketFd), PRIVATE);
  }

  /**
   * Takes over a descriptor that is a pidfd: one that {@linkcode Pidfd.detach} gave up, that
   * another process handed over, or that a parent let through. From then on the handle owns it. If
   * this throws, it is still yours.
   *
   * @param fd An integer from 0 to 2147483647.
   * @throws {TypeError} If `fd` is no number, is no pidfd, or has an owner in this thread already.
   * @throws {RangeError} If `fd` is outside that range.
   * @throws {PidfdError} `EBADF` if `fd` is not open.
   */
  static fromFd(fd: number): Pidfd {
    return new Pidfd(fromFd(fd), PRIVATE);
  }

  /**
   * Opens the very process that an identity names, which {@linkcode Pidfd.identity} gave: in this
   * program, in an earlier run of it, or in another one. Whoever has its pid by now is not taken
   * for it.
   *
   * By inode from Linux 6.9, without the pid from Linux 6.14 where the boot is told; before that by
   * the start time.
   *
   * @param identity The object, also as it came from JSON; its text `PID:INODE@BOOT`; or
   * util-linux's `PID:INODE`, which does not say of which boot it is: there the pid must be right
   * too.
   * @returns Null if that process is gone: it was reaped, the system has booted since, or it can't
   * be seen from our pid namespace. A zombie is not gone: its status can still be had.
   * @throws {TypeError} If `identity` is none.
   * @throws {PidfdError} `EOPNOTSUPP` if it names an inode, and inodes can't be told here; `ENOENT`
   * or `EACCES` if /proc does not tell the id of this boot or, before Linux 6.9, the start time.
   * @throws {PidfdOpenFailedError} As {@linkcode Pidfd.open}, but for `ESRCH` and `ENOENT`, which
   * give null.
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
   * Opens the process that a pid file names, if it is certain that it is that very one. Null means
   * that the service does not run: there is no file (it has never run since the boot, or has
   * removed its file), or a stale one. The first line is read: a bare pid, util-linux's
   * `PID:INODE`, or what {@linkcode Pidfd.writePidfile} writes.
   *
   * A bare pid is believed if its process was started before the file was last written, to a
   * hundredth of a second (to two seconds where the file system keeps whole seconds), by today's
   * clock; a file whose time is still to come is not. That is the best that can be had from a
   * number.
   *
   * @param path A file's path, at most 4095 bytes.
   * @returns Null if there is no file, or if it is stale: its process has ended, is younger than
   * the file, or is of another boot or, where that is told, pid namespace. A bare number does not
   * tell it, and names whoever has it in this one.
   * @throws {TypeError} If `path` is no string, is empty, or has a zero in it.
   * @throws {RangeError} If `path` is too long.
   * @throws {PidfdError} `EACCES`, `EISDIR` and the like if the file can't be read; `EINVAL` if it
   * names no process; else as {@linkcode Pidfd.reopen}. For a bare pid `ENOENT` or `EACCES` with
   * `syscall` "read" if its start time can't be read.
   */
  static fromPidfile(path: string): Pidfd | null {
    const handle = openPidfile(path);
    return handle && new Pidfd(handle, PRIVATE);
  }

  /**
   * The number that the process had when it was opened. For showing, never for acting: it may name
   * a stranger by now.
   *
   * @throws {PidfdError} For a descriptor that was taken over only: `ESRCH` if its process was gone
   * already, `EREMOTE` if it lives in a pid namespace that can't be seen from here. Then there is
   * no number.
   */
  get pid(): number {
    return this.#handle.pid;
  }

  /**
   * The descriptor, which stays the handle's: it can be polled (readable once the process has
   * ended) and is closed on exec.
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
   * Whether the process runs. A stopped one does; a zombie, which has ended and was not reaped,
   * does not.
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
   * What is told about the process at once: pids, users and groups, cgroup, start, name, program,
   * namespaces, how it ended. From PIDFD_GET_INFO (Linux 6.13), and from /proc for what the kernel
   * is too old for, or does not tell there; what is read from /proc is certain to be this
   * process's. What can't be told is absent.
   *
   * A zombie tells all but its program, and of its namespaces only those of pids and users. One
   * that was reaped tells how it ended and its cgroup's id (Linux 6.15), one in a pid namespace
   * that can't be seen from here no more than its state. Of other users' processes, program and
   * namespaces are hidden; where /proc is mounted with `hidepid`, only what PIDFD_GET_INFO has is
   * told.
   *
   * It is plain data, and `JSON.stringify()` takes it. The command line and what the process has
   * used are told where they are asked for.
   *
   * @throws {TypeError} If an option is unknown, or no boolean.
   * @throws {PidfdError} `EBADF` if the handle is closed; `EMFILE`, `ENFILE` or `ENOMEM` if /proc
   * can't be read for want of them.
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
  info(options?: DetailOptions): ProcessInfo {
    return infoOf(this.#handle, options);
  }

  /**
   * Who the process is, to be stored and found again by {@linkcode Pidfd.reopen}: as JSON, or by
   * `String()` as a short text such as `4242:14291@5f8b…`. It holds for one boot.
   *
   * By inode from Linux 6.9, also after the process was reaped. Before that by the start time, for
   * which the call blocks up to a hundredth of a second where the process is younger than that:
   * afterwards nobody else can have the same one.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed; `ENOENT` or `EACCES` if /proc does not
   * tell the id of this boot or, before Linux 6.9, the start time; `ESRCH` if it was reaped, before
   * Linux 6.9 or before the handle was made from a descriptor, or received; `EREMOTE` for such a
   * handle whose process can't be seen from here.
   * @throws {TypeError} For a thread's handle: what is found again is a process, whose signals are
   * not for one thread.
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
   * @throws {PidfdError} `EBADF` if one of the handles is closed. Before Linux 6.9 `ESRCH` or
   * `EREMOTE` if both processes have no number here any more, because then nobody can tell.
   */
  equals(other: Pidfd): boolean {
    const second = handleOf(other);
    if (second) return isSame(this.#handle, second);
    throw new TypeError(`Cannot compare processes: "other" must be a Pidfd: ${show(other)}`);
  }

  /**
   * Writes who the process is into a pid file, as {@linkcode Pidfd.identity} tells: one line that
   * {@linkcode Pidfd.fromPidfile} reads, and that no tool takes for a bare pid. The file appears
   * whole or not at all, readable for all. A stale one is replaced; so is one of this very process.
   *
   * A symbolic link at PATH is replaced, not followed.
   *
   * Of several programs of one pid namespace that write it at one time through this call, exactly
   * one wins, and the others get `EEXIST`; to a program of another one an owner there counts as
   * gone. Where somebody else is writing the file, this call blocks until that is done, for 2
   * seconds at most. The new file is made beside the old one, as PATH.pidfd-new, and then takes its
   * place; the folder must let you do so.
   *
   * @param path A file's path, at most 4085 bytes.
   * @throws {TypeError} If `path` is no string, is empty, or has a zero in it; for a thread's
   * handle.
   * @throws {RangeError} If `path` is too long.
   * @throws {PidfdError} `EEXIST` if the file names another process that runs, with its `pid`;
   * `EAGAIN` if somebody else has been writing the file for 2 seconds, or if it is a lock that
   * somebody has, this process included ({@linkcode lockFile}, flock(2)); `EINVAL` if there is a
   * file that names no process, which is left alone; `EPERM` or `EACCES` if PATH.pidfd-new is
   * somebody else's; `ENAMETOOLONG`, `EACCES`, `ENOENT`, `EROFS`, `ENOSPC` and the like if it can't
   * be written; `ESRCH` if the process has ended; else as {@linkcode Pidfd.identity} and
   * {@linkcode Pidfd.fromPidfile}.
   *
   * @example One instance only
   * ```ts
   * import { Pidfd, PidfdError } from "@x/pidfd";
   *
   * const path = `/tmp/example-${process.pid}.pid`;
   * const self = Pidfd.self();
   * try {
   *   self.writePidfile(path);
   *   console.log(Pidfd.fromPidfile(path)?.equals(self)); // true
   *   console.log(self.removePidfile(path)); // true
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
   * Removes a pid file if it names this very process, as {@linkcode Pidfd.writePidfile} wrote it,
   * or as a bare pid that {@linkcode Pidfd.fromPidfile} believes. It is looked at under the lock
   * that writers take, so that a file which another one has put there meanwhile stays. The process
   * may have ended, and also have been reaped: before Linux 6.9 only if this handle wrote the file.
   *
   * Where somebody else is writing the file, this call blocks until that is done, for 2 seconds at
   * most.
   *
   * @param path A file's path, at most 4085 bytes.
   * @returns Whether it was removed; false if there is no file, or if it names another process.
   * @throws {TypeError} If `path` is no string, is empty, or has a zero in it.
   * @throws {RangeError} If `path` is too long.
   * @throws {PidfdError} `EINVAL` if the file names no process; `EACCES`, `EPERM` or `EROFS` if it
   * can't be removed; `EAGAIN` if somebody else has been writing it for 2 seconds, or if it is a
   * lock that somebody has; `EBADF` if the handle is closed; else as
   * {@linkcode Pidfd.fromPidfile}.
   */
  removePidfile(path: string): boolean {
    return removePidfile(this.#handle, path);
  }

  /**
   * Sends a signal to this very process, whoever has its pid by now. Looks and sends in one native
   * call.
   *
   * Needs Linux 5.1, pidfd_send_signal(2); 6.9 for a scope. With the scope "process-group" the
   * process must lead a process group; that is signalled also when the process itself has ended.
   *
   * @param signal A name ("SIGTERM", "TERM", "SIGRTMIN+3") or a number from 0 to 64, where 0 only
   * asks whether it could be signalled. SIGTERM if left out, as in kill(1).
   * @param options Whom it is for, and a value that goes with it.
   * @returns Whether it was sent; false if the process had already ended, also as a zombie.
   * @throws {TypeError} If `signal` is an unknown name, or neither a string nor a number; if an
   * option is of a wrong type.
   * @throws {RangeError} If `signal` or `value` is a number outside its range.
   * @throws {PidfdSignalFailedError} `EPERM` if you may not signal it; `EREMOTE` if it lives in a
   * pid namespace that can't be seen from here; `EAGAIN` if its queue of real-time signals is full
   * (RLIMIT_SIGPENDING); `ESRCH` if it runs and leads no process group, for that scope; `ENOSYS`
   * for a scope before Linux 6.9, or from a seccomp profile.
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
  signal(signal: Signal | number, options?: SignalOptions): boolean;
  /** Sends SIGTERM. */
  signal(): boolean;
  signal(...given: [signal?: Signal | number, options?: SignalOptions]): boolean {
    return sendSignal(this.#handle, givenSignal(given), given[1]);
  }

  /**
   * How the process ended, or null while it runs. Never waits and never reaps.
   *
   * Told for a child of this process as soon as it has ended (Linux 5.4), and for any process once
   * its parent has reaped it, if the handle was opened before (Linux 6.15). Otherwise `known` is
   * false, and nothing is guessed; ask again after the reap. On Linux 5.10, and no longer on 6.1,
   * the code of a child that was not reaped is that of its first thread: there {@linkcode
   * Pidfd.wait} knows better.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  status(): ExitStatus | null {
    return statusOf(this.#handle);
  }

  /**
   * Blocks this JavaScript thread until the process has ended and, where the kernel will tell how,
   * until it tells: for a child at once, for anybody else's process when its parent reaps it.
   * Nothing else runs in this thread meanwhile.
   *
   * @param timeoutMs Milliseconds from 0 to 2147483647, or `Infinity`; without limit if left out.
   * @returns How it ended, or null if it still runs when the time is up. One that has ended but was
   * not reaped when the time is up has a status that is not known.
   * @throws {TypeError} If `timeoutMs` is given and no number.
   * @throws {RangeError} If `timeoutMs` is no integer of that range.
   * @throws {PidfdError} `EBADF` if the handle is closed.
   */
  waitSync(timeoutMs?: number): ExitStatus | null {
    return waitSync(this.#handle, timeoutMs);
  }

  /**
   * Resolves when the process has ended; it may still be a zombie then. Keeps the program alive,
   * unless `unref()` says otherwise. Nothing polls: a native thread sleeps until the kernel wakes
   * it.
   *
   * Closing the handle leaves it pending for good: the process has not exited then, and what merely
   * has a `then` on it has nothing to catch. {@linkcode Pidfd.wait} rejects.
   *
   * Rejects with a {@linkcode PidfdError}: `EMFILE`, `ENFILE`, `ENOMEM` or `EAGAIN` if the watcher
   * can't be started; `ENOSPC` if this user waits for as much as it may
   * (/proc/sys/fs/epoll/max_user_watches); `EIO` if the runtime keeps refusing to read the
   * watcher's socket. The next one tries again.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed, unless it was asked for before.
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
   * Waits, without blocking, until the process has ended and until the kernel tells how: for a
   * child at once, for anybody else's process when its parent reaps it. Before Linux 6.15 the
   * status of somebody else's process is not known, and the wait is over at its end; `statusMs`
   * limits how long the status is waited for. That of a child which {@linkcode Pidfd.of} took may
   * come from its runtime. Never reaps. Keeps the program alive, unless `unref()` says otherwise.
   *
   * @returns How it ended.
   * @throws {TypeError} If an option is unknown, or of a wrong type.
   * @throws {RangeError} If `timeoutMs` or `statusMs` is no integer of its range.
   * @throws {DOMException} `TimeoutError` when the time is up.
   * @throws The reason of `signal`, when it is aborted.
   * @throws {PidfdError} `EBADF` if the handle is closed, now or during the wait; `EMFILE`,
   * `ENFILE`, `ENOMEM` or `EAGAIN` if the watcher can't be started; `ENOSPC` if this user waits for
   * as much as it may; `EIO` if the runtime keeps refusing to read the watcher's socket. The next
   * wait tries again.
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
  wait(options?: WaitOptions): Promise<ExitStatus> {
    return waitFor(this.#handle, options);
  }

  /**
   * Asks the process to end, waits, forces it with SIGKILL when the grace is over, and waits until
   * it has ended. All of it through this handle: at no point can a stranger be hit.
   *
   * @returns How it ended, as far as that is told within `statusMs` of its end, and whether it had
   * to be forced.
   * @throws {TypeError} If an option is unknown or of a wrong type, or `killSignal` an unknown
   * name.
   * @throws {RangeError} If a number is outside its range.
   * @throws The reason of `signal`, when it is aborted; the process is then left as it is.
   * @throws {PidfdSignalFailedError} `EPERM` if you may not signal it, or if it is pid 1 of your
   * own pid namespace or a thread of the kernel, and has not ended within the grace: nobody in
   * there can kill it (pid_namespaces(7)). Else as {@linkcode Pidfd.signal}.
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
    setRef(this.#handle, true);
    return this;
  }

  /** Lets the program end although a wait on this handle is pending. */
  unref(): this {
    setRef(this.#handle, false);
    return this;
  }

  /**
   * Reaps a child of this process that has ended: the kernel forgets it, and its pid is free.
   * Nothing else here reaps, but for the option `reapAdopted` of trees and `adoptOrphans({ reap:
   * true })`. **Never use it on a child that your runtime has started:** Node would never see that
   * child's `exit`, and the promises of Deno and Bun would reject.
   *
   * Needs Linux 5.4, waitid(2).
   *
   * @returns How it ended; null while it runs. A second call answers the same again.
   * @throws {PidfdError} `ECHILD` if it is not a child of this process, or was reaped by somebody
   * else; `EINVAL` before Linux 5.4; `EBADF` if the handle is closed.
   */
  reap(): ExitStatus | null {
    return reap(this.#handle);
  }

  /**
   * Duplicates a descriptor that the process has open: of a file, a socket, whatever it is. Both
   * then share it, with its position and its state. The duplicate is closed on exec, and yours:
   * {@linkcode closeFd}.
   *
   * Needs Linux 5.6, pidfd_getfd(2), and the right to trace the process (ptrace(2)): that of root,
   * or of its own user where the system allows it.
   *
   * @param fd The descriptor's number there, an integer from 0 to 2147483647.
   * @throws {TypeError} If `fd` is no number.
   * @throws {RangeError} If `fd` is outside that range.
   * @throws {PidfdError} `EPERM` if you may not; `EBADF` if the process has no such descriptor, or
   * if the handle is closed; `ESRCH` if it has ended; `EMFILE` or `ENFILE` if no descriptor is
   * free; `ENOSYS` before Linux 5.6, or from a seccomp profile.
   *
   * @example A child's standard error
   * ```ts
   * import { spawn } from "node:child_process";
   * import { closeFd, Pidfd } from "@x/pidfd";
   *
   * const handle = Pidfd.of(spawn("sleep", ["1000"]));
   * const fd = handle.getFd(2);
   * console.log(fd > 2); // true
   * closeFd(fd);
   * handle.signal("SIGKILL");
   * handle.close();
   * ```
   */
  getFd(fd: number): number {
    return duplicateFrom(this.#handle, fd);
  }

  /**
   * Opens a namespace that the process lives in. The descriptor is what setns(2) and nsenter(1)
   * take; it keeps the namespace alive, is closed on exec, and yours: {@linkcode closeFd}. Moving a
   * runtime's own threads into it is no good idea: let a child have the descriptor.
   *
   * Needs Linux 6.11, PIDFD_GET_NET_NAMESPACE and its like, and the right to look into the process.
   *
   * @param kind As in /proc/PID/ns: "net", "mnt", "pid", "user" and so on.
   * @throws {TypeError} If `kind` is another one.
   * @throws {PidfdError} `EACCES` if you may not; `ESRCH` if the process has ended; `EOPNOTSUPP` if
   * the kernel has no such namespaces; `ENOTTY` before Linux 6.11; `EMFILE` or `ENFILE` if no
   * descriptor is free; `EBADF` if the handle is closed.
   *
   * @example Its network
   * ```ts
   * import { closeFd, features, Pidfd } from "@x/pidfd";
   *
   * const handle = Pidfd.self();
   * if (features().PIDFD_GET_NET_NAMESPACE.available) closeFd(handle.namespace("net"));
   * handle.close();
   * ```
   */
  namespace(kind: NamespaceKind): number {
    return namespaceOf(this.#handle, kind);
  }

  /**
   * Takes the memory of a process that is being killed, in this thread and now, rather than when
   * the process comes to it: for killers that need the memory back. Send it SIGKILL first.
   *
   * Needs Linux 5.15, process_mrelease(2).
   *
   * @returns Whether there was any; false if the process has given its memory back already, or has
   * ended.
   * @throws {PidfdError} `EINVAL` if it is not being killed; `EAGAIN` if not all of it could be
   * taken now; `ENOSYS` before Linux 5.15, or from a seccomp profile; `EBADF` if the handle is
   * closed.
   */
  releaseMemory(): boolean {
    return releaseMemoryOf(this.#handle);
  }

  /**
   * Advises the kernel about the memory of the process, as the process itself would by madvise(2).
   *
   * Needs Linux 5.10, process_madvise(2), the right to look into the process, and CAP_SYS_NICE if
   * it is another one than this.
   *
   * @param advice What to do with it.
   * @param ranges Which of its addresses, from /proc/PID/maps.
   * @returns About how many bytes it was given: less than those of the ranges if a later part of
   * them failed.
   * @throws {TypeError} If `advice` is another one, or a range is of a wrong type.
   * @throws {RangeError} If an address or a length is outside its range.
   * @throws {PidfdError} `EACCES` or `EPERM` if you may not; `ENOMEM` if a part of the first range
   * is not mapped, where the parts that are have got the advice; `EFAULT` if it reaches beyond the
   * address space; `EINVAL` if it begins inside a page, or if this advice is not for it; `ESRCH` if
   * the process has ended; `ENOSYS` before Linux 5.10, or from a seccomp profile; `EBADF` if the
   * handle is closed.
   */
  adviseMemory(advice: MemoryAdvice, ranges: MemoryRange | readonly MemoryRange[]): number {
    return adviseMemoryOf(this.#handle, advice, ranges);
  }

  /**
   * Gives the descriptor up without closing it; pending waits reject with `EBADF`, `exited` stays
   * pending. It is yours, to hand to a Worker ({@linkcode Pidfd.fromFd}) or to close. The handle of
   * a {@linkcode TreeMember} gives a duplicate, and stays as it is.
   *
   * @throws {PidfdError} `EBADF` if the handle is closed; of a tree, `EMFILE` if no descriptor is
   * free.
   */
  detach(): number {
    return this.#handle.isBorrowed ? this.#handle.duplicate() : this.#handle.detach();
  }

  /**
   * Closes the handle; the process lives on. Pending waits reject with `EBADF`, `exited` stays
   * pending. A second call does nothing, nor does any on the handle of a {@linkcode TreeMember}:
   * the tree closes it. One that is forgotten is closed when it is collected as garbage.
   */
  close(): void {
    if (!this.#handle.isBorrowed) this.#handle.close();
  }

  /** Closes the handle, as {@linkcode Pidfd.close}; the process lives on. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** What `console.log` shows in Node, Bun and Deno: `Pidfd { pid: 4242, state: "running" }`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return #handle in this ? this.#description() : "Pidfd {}";
  }

  /** What Deno's own `Deno.inspect` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return #handle in this ? this.#description() : "Pidfd {}";
  }

  /** Not of the prototype, nor of a proxy, which whoever inspects objects meets too. */
  #description(): string {
    const state = this.closed ? "closed" : this.state();
    return `Pidfd { pid: ${this.#handle.knownPid ?? "unknown"}, state: "${state}" }`;
  }
}

/** Known in this file alone; at run time `private` would keep nobody out. */
const PRIVATE = Symbol("Pidfd");
