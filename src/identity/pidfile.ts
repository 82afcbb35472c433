/**
 * Files that say who runs a service: read with doubt, and written so that of two writers one wins.
 *
 * @module
 */
import { PIDFILE_STEPS } from "../../ffi/symbols.ts";
import { now } from "../../ffi/timer.ts";
import type { Handle } from "../handle/handle.ts";
import { checkPath } from "../kernel/arguments.ts";
import { readBoot, readClocks, TICK_NS } from "../kernel/boot.ts";
import { EAGAIN, EEXIST, EINVAL, ENOENT, EPERM, ESRCH, INT_MAX } from "../kernel/constants.ts";
import { checkFile, failure, isNoSuchProcess } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import { type PathRecord, pathRecord } from "../proc/file.ts";
import { openPid } from "../process/open.ts";
import { type ProcessIdentity, toIdentity } from "./identity.ts";
import { find, identityOf, inodeOf, isSame, startTicksOf } from "./reopen.ts";

/** What a pid file says. */
interface Content {
  /** A bare number, or an identity. */
  readonly who: number | ProcessIdentity;
  /** When it was written, in nanoseconds since 1970. */
  readonly modifiedNs: bigint;
}

/**
 * The process that the file names, if it is that very one and has not ended; null where there is no
 * file, or a stale one.
 */
export function openPidfile(path: string): Handle | null {
  return openOwner(pathRecord(checkPath("read a pid file", path)), path);
}

function openOwner(file: PathRecord, path: string): Handle | null {
  const content = read(file, path);
  const handle = content && openNamed(content);
  if (handle === null || handle.isAlive()) return handle;
  handle.close();
  return null;
}

function openNamed({ who, modifiedNs }: Content): Handle | null {
  if (typeof who === "object" && who.boot !== undefined) return find(who);
  const { bootedAt, sinceBoot } = readClocks();
  // A time that is still to come says nothing of when the file was written.
  if (modifiedNs > bootedAt + sinceBoot + TICK_NS) return null;
  if (typeof who === "number") return openBare(who, modifiedNs, bootedAt);
  // Inode numbers start anew at every boot, and this form does not say of which boot it is.
  return isAfter(bootedAt, modifiedNs) ? null : find(who);
}

/** A bare number tells nothing but that its process was there when the file was written. */
function openBare(pid: number, modifiedNs: bigint, bootedAt: bigint): Handle | null {
  let handle: Handle | undefined;
  try {
    handle = openPid(pid);
    const startedNs = bootedAt + BigInt(startTicksOf(handle)) * TICK_NS;
    if (!isAfter(startedNs, modifiedNs)) return handle;
  } catch (error) {
    handle?.close();
    // Where the start time is hidden, another call's ENOENT, nothing is sure.
    if (isNoSuchProcess(error)) return null;
    throw error;
  }
  handle.close();
  return null;
}

/**
 * Whether something began after a file was written. Both are known to a hundredth of a second: a
 * start time is cut to the tick before it, and a file's time to the kernel's tick before it. Some
 * file systems cut it to one or two seconds.
 */
function isAfter(beganNs: bigint, modifiedNs: bigint): boolean {
  const isCutToSeconds = modifiedNs % 1_000_000_000n === 0n;
  return beganNs > modifiedNs + (isCutToSeconds ? 2_000_000_000n : TICK_NS);
}

/** Null where there is no file. */
function read(file: PathRecord, path: string): Content | null {
  const text = new NativeRecord("TextRecord");
  const result = native().read_file(file.bytes, text.bytes);
  if (result === ENOENT) return null;
  checkFile(result, "open", path);
  const length = text.number("length");
  // Whatever stands on further lines is the program's own business.
  const [line, next] = text.text("bytes", length).split("\n", 2);
  // A line that does not end in what was read may go on: the beginning of a number names somebody
  // else.
  const isWhole = next !== undefined || length < text.tail("bytes").length;
  const who = isWhole ? parse(line.trim()) : null;
  if (who === null) {
    const reason = `the file names no process: ${JSON.stringify(path)}`;
    throw failure({ errno: EINVAL, syscall: "read", reason });
  }
  return { who, modifiedNs: text.bigint("modified_ns") };
}

function parse(line: string): number | ProcessIdentity | null {
  if (/^\d{1,10}$/.test(line)) {
    const pid = Number(line);
    return pid >= 1 && pid <= INT_MAX ? pid : null;
  }
  try {
    return toIdentity("read a pid file", line);
  } catch {
    return null;
  }
}

/** What was written for a handle: before Linux 6.9, nothing else tells who it was once reaped. */
const written = new WeakMap<Handle, string>();

/** Writes who the process is, unless somebody else who runs stands there. */
export function writePidfile(handle: Handle, path: string): void {
  const file = pathRecord(checkPath("write a pid file", path));
  const text = new NativeRecord("TextRecord");
  const identity = String(identityOf(handle));
  text.setText("bytes", `${identity}\n`, "length");
  if (!handle.isAlive()) {
    throw failure({ errno: ESRCH, syscall: "open", pid: handle.knownPid, reason: ENDED });
  }
  const lock = claim(file, path);
  let isCommitted = false;
  try {
    refuseOwner(handle, file, path);
    isCommitted = true;
    const result = native().pidfile_commit(file.bytes, lock, text.bytes);
    refuseLocked(result, path);
    checkFile(result, PIDFILE_STEPS[text.number("step")], path);
    written.set(handle, identity);
  } finally {
    if (!isCommitted) native().pidfile_abandon(file.bytes, lock, 0);
  }
}

const ENDED = "the process has ended, so that its file would be stale";

/**
 * How long to wait for somebody else who is writing the file: that takes as long as the disk takes
 * to keep a few bytes, unless the writer is stopped.
 */
const PATIENCE_MS = 2000;

/** The lock under which the file may be looked at, replaced and removed. */
function claim(file: PathRecord, path: string): number {
  let lock = native().pidfile_claim(file.bytes);
  const end = now() + PATIENCE_MS;
  // Each round takes a millisecond or more, also where a test has stopped the clock.
  for (let round = 0; lock === EAGAIN && round < PATIENCE_MS && now() < end; round++) {
    native().poll(-1, 0, 1);
    lock = native().pidfile_claim(file.bytes);
  }
  const shown = JSON.stringify(path);
  if (lock === EAGAIN) {
    const reason = `somebody else has been writing it for ${PATIENCE_MS} ms: ${shown}`;
    throw failure({ errno: EAGAIN, syscall: "flock", reason });
  }
  if (lock === EPERM) {
    const reason =
      `the file beside it, with .pidfd-new behind its name, is not ours, or can't be made: ${shown}`;
    throw failure({ errno: EPERM, syscall: "open", reason });
  }
  return checkFile(lock, "open", path);
}

/** Throws if the result says that the file is a lock. */
function refuseLocked(result: number, path: string): void {
  if (result !== EAGAIN) return;
  const reason = `somebody has locked the file, as lockFile() does: ${JSON.stringify(path)}`;
  throw failure({ errno: EAGAIN, syscall: "flock", reason });
}

/** Throws if the file names a process that runs, and that is not the one that it is written for. */
function refuseOwner(handle: Handle, file: PathRecord, path: string): void {
  const owner = openOwner(file, path);
  if (owner === null) return;
  try {
    if (isSame(owner, handle)) return;
    const reason = `the file belongs to a process that runs: ${JSON.stringify(path)}`;
    throw failure({ errno: EEXIST, syscall: "open", pid: owner.knownPid, reason });
  } finally {
    owner.close();
  }
}

/** Removes the file if it names the process; false if there is none, or if it names another one. */
export function removePidfile(handle: Handle, path: string): boolean {
  const file = pathRecord(checkPath("remove a pid file", path));
  // Looked at first without the lock, which would make a file in somebody else's folder.
  if (!names(handle, file, path)) return false;
  const lock = claim(file, path);
  let isOwn = false;
  let result = 0;
  try {
    isOwn = names(handle, file, path);
  } finally {
    result = native().pidfile_abandon(file.bytes, lock, Number(isOwn));
  }
  refuseLocked(result, path);
  checkFile(result, "unlink", path);
  return isOwn;
}

/** Whether the file names the process of the handle, also where that was reaped. */
function names(handle: Handle, file: PathRecord, path: string): boolean {
  const inode = inodeOf(handle.fd);
  const content = read(file, path);
  if (content === null) return false;
  const { who } = content;
  const isWhole = typeof who === "object" && who.inode !== undefined && who.boot !== undefined;
  if (isWhole) return who.inode === String(inode) && who.boot === readBoot().id;
  if (String(who) === written.get(handle)) return true;
  const named = openNamed(content);
  try {
    return named !== null && isSame(named, handle);
  } finally {
    named?.close();
  }
}
