/**
 * The proof that a number which names no process any more is still that of one which has ended.
 *
 * The kernel keeps a pid for as long as it is the number of a process, of a session or of a process group. So whoever is
 * in a session or group whose leader has ended is in that leader's own, unless all of them had ended before, and the number
 * went to another leader who has ended too. Two things tell: the leader is a zombie, who has the number still; or its
 * inode is found after it was reaped, which from Linux 6.14 to 6.19 lasts exactly as long as the number is kept. That
 * it is not found tells nothing: from Linux 7.0 on, nobody's is who was reaped. What is found so tells no number any more: that
 * inode and number belong together is taken from the identity, and without a boot, by which inodes are counted anew, from nothing.
 *
 * @module
 */
import type { Handle } from "../handle/handle.ts";
import type { ProcessIdentity } from "../identity/identity.ts";
import { find, inodeOf, openByHandle, openIfThere } from "../identity/reopen.ts";
import { readBoot } from "../kernel/boot.ts";
import { EBUSY, EOPNOTSUPP, ESRCH, ESTALE } from "../kernel/constants.ts";
import { check, failure, type PidfdError } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";

/** A process that has ended, and whose number may be kept for its session or group. */
export interface DeadParent {
  /** Its number. */
  readonly pid: number;
  /** Throws unless the number was its own without a break until now. */
  prove(): void;
  /** Lets go of it. */
  close(): void;
}

/** Null where it is known that its number was not kept, so that nobody is left in a session or group of it. */
export function deadParent(identity: ProcessIdentity): DeadParent | null {
  const { pid, boot, inode, pidNamespace } = identity;
  const here = boot === undefined ? null : readBoot();
  if (here && boot !== here.id) return null;
  if (pidNamespace !== undefined && pidNamespace !== here?.pidNamespace) {
    throw untold(pid, "its number counts in another pid namespace");
  }
  const zombie = find(identity);
  if (zombie && runsAndIsClosed(zombie)) {
    const reason = "the process has not ended; ProcessTree.of() holds what is below it";
    throw failure({ errno: EBUSY, syscall: "pidfd", pid, reason });
  }
  if (!zombie && isTaken(pid)) return null;
  const isZombie = () => zombie !== null && native().pid_of(zombie.fd) === zombie.pid;
  return {
    pid: zombie?.pid ?? pid,
    prove: () => {
      if (isZombie() || (here && keepsNumber(inode, pid))) return;
      throw untold(
        pid,
        "whose session or group this number is now can't be told, take a predicate",
      );
    },
    close: () => zombie?.close(),
  };
}

/** Whether it runs; then it is closed, and also where that can't be told. */
function runsAndIsClosed(zombie: Handle): boolean {
  let isAlive = true;
  try {
    isAlive = zombie.isAlive();
  } finally {
    if (isAlive) zombie.close();
  }
  return isAlive;
}

/** Whether anybody has the number now that the dead process, which was looked for before, had once. */
function isTaken(pid: number): boolean {
  const fd = openIfThere(pid);
  if (fd !== null) native().close(fd);
  return fd !== null;
}

/** Whether the kernel finds the process by its inode, and it was reaped: whoever runs has a number of its own. */
function keepsNumber(inode: string | undefined, pid: number): boolean {
  const fd = inode === undefined ? EOPNOTSUPP : openByHandle(BigInt(inode));
  if (fd === EOPNOTSUPP || fd === ESTALE) return false;
  // Linux 6.15 and 6.16 find it, and open it only if it left an exit record.
  if (fd === ESRCH) return true;
  check(fd, "open_by_handle_at", pid);
  try {
    return inodeOf(fd) === BigInt(inode!) && native().pid_of(fd) === ESRCH;
  } finally {
    native().close(fd);
  }
}

function untold(pid: number, reason: string): PidfdError {
  return failure({ errno: EOPNOTSUPP, syscall: "open_by_handle_at", pid, reason });
}
