/**
 * Recognises processes: says who one is, finds one again, and tells whether two are the same.
 *
 * @module
 */
import { feature } from "../features/features.ts";
import { closeOwned, makeSlot } from "../handle/descriptor.ts";
import { Handle } from "../handle/handle.ts";
import { readBoot, readClocks, TICK_NS } from "../kernel/boot.ts";
import { ENOENT, ENOSYS, EOPNOTSUPP, ESRCH, ESTALE, PIDFS_MAGIC } from "../kernel/constants.ts";
import { check, failure, isNoSuchProcess, PidfdError } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { askKernel } from "../kernel/pidfd_info.ts";
import { NativeRecord } from "../kernel/record.ts";
import { describe, isThread, STAT } from "../proc/description.ts";
import { openDescriptor } from "../process/open.ts";
import { makeIdentity, type ProcessIdentity, toIdentity } from "./identity.ts";

const file = new NativeRecord("FileRecord");

/**
 * The process's number in pidfs; null where there is no pidfs, before Linux 6.9. Where a look fails
 * it throws: to go on as if there were none would give one process two identities.
 */
export function inodeOf(fd: number): bigint | null {
  const result = native().stat(fd, file.bytes);
  if (result === ENOSYS) return null;
  check(result, "fstatfs");
  return file.bigint("file_system") === PIDFS_MAGIC ? file.bigint("inode") : null;
}

/** Who the process is. */
export function identityOf(handle: Handle): ProcessIdentity {
  const { fd, pid } = handle;
  // What is found by an identity is a process, and signals for it are not for one thread.
  if (handle.isThread || isThread(handle)) {
    throw new TypeError(`Cannot tell an identity: this is a thread of a process: ${pid}`);
  }
  const inode = inodeOf(fd);
  const boot = readBoot();
  if (inode !== null) return makeIdentity({ pid, inode: String(inode), boot: boot.id });
  const startTicks = startTicksOf(handle);
  const { id, pidNamespace } = checkNamespace(boot);
  outwait(startTicks);
  return makeIdentity({ pid, startTicks, pidNamespace, boot: id });
}

/** When the process was started. Throws where that can't be told. */
export function startTicksOf(handle: Handle): number {
  const { found, record } = describe(handle, STAT);
  if (found > 0 && found & STAT) return Number(record.bigint("start_ticks"));
  const errno = found < 0 ? found : ENOENT;
  const reason = "when the process was started can't be read from /proc";
  throw failure({ errno, syscall: "read", pid: handle.knownPid, reason });
}

/**
 * Waits until the tick is over in which the process was started, a hundredth of a second at most:
 * whoever gets its pid later was then started in a later tick, so that the start time tells the two
 * apart.
 */
function outwait(startTicks: number): void {
  const over = (BigInt(startTicks) + 1n) * TICK_NS;
  // More than one round only where the clock of the sleep runs ahead of the one that counts ticks.
  for (let round = 0; round < 3; round++) {
    const left = over - readClocks().sinceBoot;
    if (left <= 0n) return;
    native().poll(-1, 0, Number(left < TICK_NS ? left : TICK_NS) / 1e6 + 1 | 0);
  }
}

function checkNamespace<T extends { pidNamespace: number }>(boot: T): T {
  if (boot.pidNamespace !== 0) return boot;
  const reason = "/proc does not tell our pid namespace";
  throw failure({ errno: ENOENT, syscall: "statx", reason });
}

/** The very process, or null where it is gone. */
export function reopen(value: ProcessIdentity | string): Handle | null {
  return find(toIdentity("reopen a process", value));
}

/** As {@linkcode reopen}, for an identity that was checked. */
export function find(identity: ProcessIdentity): Handle | null {
  const { boot, inode } = identity;
  const here = boot === undefined ? null : readBoot();
  if (here && here.id !== boot) return null;
  if (inode !== undefined) {
    const found = findByInode(identity.pid, BigInt(inode));
    // Inodes are counted anew at each boot. Without the boot, that the number is right too is all
    // that speaks against chance.
    if (found === null || boot !== undefined || found.knownPid === identity.pid) return found;
    found.close();
    return null;
  }
  const { pidNamespace } = checkNamespace(here!);
  return pidNamespace === identity.pidNamespace ? findByStart(identity) : null;
}

function findByInode(pid: number, inode: bigint): Handle | null {
  const direct = openByHandle(inode);
  if (direct === ESTALE) return null;
  if (direct >= 0) return verify(direct, inode);
  // The number leads there, and the inode says whether it is the one.
  const fd = openIfThere(pid);
  return fd === null ? null : verify(fd, inode, pid);
}

/**
 * A descriptor by the inode alone. ESTALE means gone only where the kernel has such handles: before
 * Linux 6.14 it answers the same to everything.
 */
function openByHandle(inode: bigint): number {
  if (!feature("file_handles").available) return EOPNOTSUPP;
  const request = new NativeRecord("FileRecord");
  request.set("inode", inode);
  return native().open_inode(request.bytes, makeSlot());
}

/**
 * Takes the descriptor if it names the process of this inode and that was not reaped; else closes
 * it.
 */
function verify(fd: number, inode: bigint, pid = native().pid_of(fd)): Handle | null {
  let seen: bigint | null;
  let isMeant = false;
  try {
    seen = inodeOf(fd);
    // A thread has an inode too, and from Linux 6.14 a handle that leads to it.
    const { pid: number, tgid } = askKernel(fd);
    isMeant = seen === inode && pid > 0 && number === tgid;
  } finally {
    if (!isMeant) closeOwned(fd);
  }
  if (isMeant) return new Handle(fd, pid);
  if (seen === inode && pid !== ESRCH) check(pid, "pidfd_getpid");
  if (seen !== null) return null;
  const reason = "the inode of a process can't be told here (Linux 6.9, statx and fstatfs)";
  throw failure({ errno: EOPNOTSUPP, syscall: "fstatfs", pid, reason });
}

function findByStart({ pid, startTicks }: ProcessIdentity): Handle | null {
  const fd = openIfThere(pid);
  if (fd === null) return null;
  const handle = new Handle(fd, pid);
  try {
    if (startTicksOf(handle) === startTicks) return handle;
  } catch (error) {
    handle.close();
    if (error instanceof PidfdError && error.errno === ESRCH) return null;
    throw error;
  }
  handle.close();
  return null;
}

/** A descriptor of whoever has this pid; null where that is no process. */
export function openIfThere(pid: number): number | null {
  try {
    return openDescriptor(pid);
  } catch (error) {
    if (isNoSuchProcess(error)) return null;
    throw error;
  }
}

/** Whether two handles name one process. */
export function isSame(one: Handle, other: Handle): boolean {
  const inode = inodeOf(one.fd);
  const otherInode = inodeOf(other.fd);
  if (inode !== null || otherInode !== null) return inode === otherInode;
  return one.fd === other.fd || haveSamePid(one, other);
}

/** Before Linux 6.9: as long as neither was reaped, no two processes have one pid. */
function haveSamePid(one: Handle, other: Handle): boolean {
  const [oneBefore, otherBefore, oneAfter, otherAfter] = [one, other, one, other].map(({ fd }) =>
    native().pid_of(fd)
  );
  if (oneBefore > 0 && otherBefore > 0 && oneBefore !== otherBefore) return false;
  if (oneBefore > 0 && oneBefore === otherBefore && otherBefore === oneAfter) return true;
  // One that has a number after the other one has lost its own is another one.
  if ((otherBefore < 0 && oneAfter > 0) || (oneAfter < 0 && otherAfter > 0)) return false;
  const reason = "before Linux 6.9, processes that have no number any more can't be told apart";
  const errno = otherAfter < 0 ? otherAfter : ESRCH;
  throw failure({ errno, syscall: "pidfd_getpid", pid: one.knownPid, reason });
}
