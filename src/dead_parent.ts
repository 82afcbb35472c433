/**
 * The proof that a number which names no process any more is still that of one which has ended.
 *
 * The kernel keeps a pid for as long as it is the number of a process, of a session or of a process group. So whoever is
 * in a session or group whose leader has ended is in that leader's own, unless all of them had ended before, and the number
 * went to another leader who has ended too. Two things tell: the leader is a zombie, who has the number still; or its
 * inode can be opened, which lasts exactly as long as the number is kept (Linux 6.14).
 *
 * @module
 */
import { EBUSY, EOPNOTSUPP, ESTALE } from "./constants.ts";
import { check, failure } from "./errors.ts";
import { feature } from "./features.ts";
import type { ProcessIdentity } from "./identity.ts";
import { native } from "./native.ts";
import { find, inodeOf, openByHandle } from "./recognising.ts";
import { readBoot } from "./boot.ts";

/** A process that has ended, and whose number nobody else can have got until now. */
export interface DeadParent {
  /** Its number. */
  readonly pid: number;
  /** Whether it was its own without a break until now. */
  keepsPid(): boolean;
  /** Lets go of it. */
  close(): void;
}

/** Null where its number is not kept, so that nobody is left in a session or group of it. Throws where that can't be told. */
export function deadParent(identity: ProcessIdentity): DeadParent | null {
  const { pid, boot, inode } = identity;
  if (boot !== undefined && boot !== readBoot().id) return null;
  const zombie = find(identity);
  const isZombie = () => zombie !== null && native().pid_of(zombie.fd) === zombie.pid;
  const dead: DeadParent = {
    pid: zombie?.pid ?? pid,
    keepsPid: () => isZombie() || keepsInode(inode, pid),
    close: () => zombie?.close(),
  };
  try {
    if (zombie?.isAlive()) {
      const reason = "the process has not ended; ProcessTree.of() holds what is below it";
      throw failure({ errno: EBUSY, syscall: "pidfd", pid, reason });
    }
    if (dead.keepsPid()) return dead;
  } catch (error) {
    dead.close();
    throw error;
  }
  dead.close();
  return null;
}

function keepsInode(inode: string | undefined, pid: number): boolean {
  if (inode === undefined || !feature("file_handles").available) {
    const reason =
      "whose session or group it was can't be told before Linux 6.14, take a predicate";
    throw failure({ errno: EOPNOTSUPP, syscall: "open_by_handle_at", pid, reason });
  }
  const fd = openByHandle(BigInt(inode));
  if (fd === ESTALE) return false;
  check(fd, "open_by_handle_at", pid);
  const isThere = inodeOf(fd) === BigInt(inode);
  native().close(fd);
  return isThere;
}
