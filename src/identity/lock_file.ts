/**
 * Locks a file for as long as the process lives.
 *
 * @module
 */
import { LOCK_STEPS } from "../../ffi/symbols.ts";
import { startTimer } from "../../ffi/timer.ts";
import { disown, own } from "../handle/descriptor.ts";
import { checkAbortSignal, checkInteger, checkPath, readOptions } from "../kernel/arguments.ts";
import { EAGAIN, EINVAL, ENOENT } from "../kernel/constants.ts";
import { checkFile, failure, type PidfdError } from "../kernel/errors.ts";
import { showBy } from "../kernel/inspection.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import { type PathRecord, pathRecord } from "../proc/file.ts";
import { openSelf } from "../process/open.ts";
import type { Failed } from "../watch/channel.ts";
import { reasonOf } from "../watch/limits.ts";
import { type Listener, watcher } from "../watch/watcher.ts";
import { parseIdentity } from "./identity.ts";
import { find, identityOf } from "./reopen.ts";

/** How long to wait for a lock that another process has. */
export interface LockOptions {
  /** Milliseconds from 0 to 2147483647, or `Infinity`; 0, not to wait at all, if left out. */
  readonly waitMs?: number | undefined;
  /** Gives the wait up when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** A lock that this process has. */
export interface FileLock extends Disposable {
  /** The file's path, as it was given. */
  readonly path: string;
  /** Whether it was not released yet. */
  readonly isHeld: boolean;
  /** Empties the file and releases the lock; a second call does nothing. */
  release(): void;
}

/**
 * Locks a file, which is made where there is none, until the lock is released or this process ends,
 * however it ends: the kernel releases it then. Processes in other pid namespaces and containers
 * that have the same file are held off too. The lock is never stale, and children do not inherit
 * it.
 *
 * The file's first line is the identity of the process that has the lock: {@linkcode
 * Pidfd.fromPidfile} opens it, where it can be seen from this pid namespace. After the release the
 * file is empty; it stays there, since a lock file that is removed lets two processes lock two
 * files of one name.
 *
 * The wait does not block the event loop, does not poll, and keeps the program alive. Who of
 * several waits gets the lock is not defined. A Worker's lock ends with the Worker. The lock is
 * advisory (flock(2)): it holds off those who ask for it. A process that waits for a lock which
 * another program than this one has, flock(1) say, may miss its release if that program is killed.
 *
 * Needs Linux 5.3, {@link https://man7.org/linux/man-pages/man2/flock.2.html flock(2)},
 * {@link https://man7.org/linux/man-pages/man7/inotify.7.html inotify(7)}; a file system of this
 * machine.
 *
 * @param path The file's path, at most 4095 bytes, in a folder that exists.
 * @throws {TypeError} If an argument or an option is of a wrong type.
 * @throws {RangeError} If `waitMs` is no integer of its range, or `path` is too long.
 * @throws The reason of `signal`, when it is aborted.
 * @throws {PidfdError} `EAGAIN` if another process has the lock, or still has it after `waitMs`, or
 * this one has it: `pid` is the process, where it can be seen from here, and the message has its
 * identity. `EINVAL` if the file is none of the kind: it is not a regular file, or its first line
 * is neither empty nor a process's; it is left as it is. `ENOENT`, `EACCES`, `ELOOP` (a symbolic
 * link) and the like if it can't be opened; `ENOSPC` or `EIO` if it can't be written; `EMFILE` or
 * `ENOSPC` at a limit of inotify(7); `EMFILE`, `ENFILE` or `ENOMEM` if no descriptor is free.
 *
 * @example One instance at a time
 * ```ts
 * import { rmSync } from "node:fs";
 * import { lockFile, Pidfd, type PidfdError } from "@x/pidfd";
 *
 * const path = `/tmp/example-${process.pid}.lock`;
 * const lock = await lockFile(path);
 * const holder = Pidfd.fromPidfile(path);
 * console.log(holder?.pid === process.pid); // true
 * holder?.close();
 * await lockFile(path).catch((error: PidfdError) => console.log(error.code)); // EAGAIN
 * lock.release();
 * rmSync(path);
 * ```
 */
export async function lockFile(path: string, options: LockOptions = {}): Promise<FileLock> {
  const action = "lock a file";
  const bytes = checkPath(action, path);
  const { waitMs, signal } = readOptions(action, options, { waitMs: 0, signal: undefined });
  if (waitMs !== Infinity) checkInteger(action, "waitMs", waitMs, 0);
  checkAbortSignal(action, signal);
  signal?.throwIfAborted();
  const lock = new Lock(path, bytes);
  try {
    if (!lock.try()) await lock.wait(waitMs, signal);
    lock.write();
  } catch (error) {
    lock.close();
    throw error;
  }
  return lock;
}

const DESCRIPTORS = ["below", "file", "above", "watch"] as const;

/** The descriptors of one lock, from the first attempt to its release. */
class Lock implements FileLock, Listener {
  readonly path: string;
  readonly #file: PathRecord;
  readonly #record = new NativeRecord("LockRecord");
  #isOpen = false;
  #isHeld = false;
  #isWatched = false;
  #wake: () => void = () => {};
  #lost: Failed | undefined;
  /** The watcher's. */
  token = 0;

  static {
    showBy(
      Lock.prototype,
      (lock) =>
        #isHeld in lock
          ? `FileLock { path: ${JSON.stringify(lock.path)}, isHeld: ${lock.isHeld} }`
          : "FileLock {}",
    );
  }

  constructor(path: string, bytes: Uint8Array) {
    this.path = path;
    for (const name of DESCRIPTORS) this.#record.set(name, -1);
    this.#file = pathRecord(bytes);
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Takes the lock, unless somebody else has it. */
  try(): boolean {
    while (true) {
      if (!this.#isOpen) this.#open();
      const result = this.#do("take");
      if (result === EAGAIN) return false;
      if (result === EINVAL) throw this.#foreign("it is not a regular file");
      if (checkFile(result, "flock", this.path) === 1) return true;
      // The name is another file's by now, as that of one that was removed meanwhile.
      this.close();
    }
  }

  #open(): void {
    checkFile(this.#do("open"), "open", this.path);
    this.#isOpen = true;
    this.#descriptors().forEach(own);
  }

  #do(step: keyof typeof LOCK_STEPS): number {
    return native().lock(LOCK_STEPS[step], this.#file.bytes, this.#record.bytes);
  }

  #descriptors(): number[] {
    return DESCRIPTORS.map((name) => this.#record.number(name)).filter((fd) => fd >= 0);
  }

  /** Tries again whenever somebody has closed the file, until a limit is reached. */
  async wait(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (waitMs === 0) throw this.#taken();
    let isOver = false;
    const onTime = () => {
      isOver = true;
      this.#wake();
    };
    const onAbort = () => this.#wake();
    const stopTimer = waitMs === Infinity ? () => {} : startTimer(waitMs, onTime);
    signal?.addEventListener("abort", onAbort);
    try {
      while (true) {
        if (signal?.aborted) throw reasonOf(signal);
        this.#watch();
        const woken = new Promise<void>((resolve) => this.#wake = () => resolve());
        if (this.try()) return;
        if (isOver) throw this.#taken();
        // The file may have been another one's: then the new one is watched, and tried again.
        if (this.#isWatched) await woken;
        if (this.#lost) throw failure(this.#lost);
      }
    } finally {
      stopTimer();
      signal?.removeEventListener("abort", onAbort);
      this.#unwatch();
    }
  }

  /** What has come before is taken away: the attempt that follows sees what it was about. */
  #watch(): void {
    if (this.#isWatched) this.#do("drain");
    if (this.#isWatched || !this.#isOpen) return;
    const result = this.#do("watch");
    // The next attempt opens the file anew, which says why if it can't.
    if (result === ENOENT) return this.close();
    checkFile(result, "inotify_init1", this.path);
    const fd = this.#record.number("watch");
    own(fd);
    const failed = watcher().add(fd, this);
    if (failed) throw failure(failed);
    watcher().hold(1);
    this.#isWatched = true;
  }

  #unwatch(): void {
    if (!this.#isWatched) return;
    this.#isWatched = false;
    watcher().remove(this.#record.number("watch"));
    watcher().hold(-1);
  }

  onEvent(): void {
    this.#wake();
  }

  onLost(failed: Failed): void {
    this.#lost = failed;
    this.#wake();
  }

  /** Writes who has the lock. */
  write(): void {
    if (this.#content() === null) throw this.#foreign("its first line names no process");
    const self = openSelf();
    try {
      this.#record.setText("content", `${identityOf(self)}\n`, "length");
    } finally {
      self.close();
    }
    checkFile(this.#do("write"), "write", this.path);
    this.#isHeld = true;
  }

  /** The first line; null where it is neither empty nor a process's. */
  #content(): string | null {
    const text = new NativeRecord("TextRecord");
    checkFile(native().read_file(this.#file.bytes, text.bytes), "open", this.path);
    const [line] = text.text("bytes", text.number("length")).split("\n", 1);
    return line === "" || /^\d{1,10}$/.test(line) || isIdentity(line) ? line : null;
  }

  #foreign(reason: string): PidfdError {
    const shown = JSON.stringify(this.path);
    return failure({ errno: EINVAL, syscall: "flock", reason: `${reason}: ${shown}` });
  }

  #taken(): PidfdError {
    const holder = this.#content() || "which does not say who it is";
    const pid = pidOf(holder);
    const who = pid === native().own_pid() ? "this" : "another";
    const reason = `${who} process has the lock, ${holder}: ${JSON.stringify(this.path)}`;
    return failure({ errno: EAGAIN, syscall: "flock", pid, reason });
  }

  release(): void {
    this.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the descriptors; the file is emptied before, where this process had the lock. */
  close(): void {
    if (!this.#isOpen) return;
    this.#unwatch();
    this.#descriptors().forEach(disown);
    this.#do(this.#isHeld ? "release" : "close");
    this.#isOpen = false;
    this.#isHeld = false;
  }
}

/** The pid of a process that runs and can be seen from here. */
function pidOf(text: string): number | undefined {
  try {
    const handle = find(parseIdentity(text));
    handle?.close();
    return handle?.knownPid;
  } catch {
    // It is no identity, or something keeps us from looking: the lock is taken all the same.
    return undefined;
  }
}

function isIdentity(text: string): boolean {
  try {
    parseIdentity(text);
    return true;
  } catch {
    return false;
  }
}
