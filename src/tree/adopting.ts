/**
 * Being the one to whom orphaned descendants are given, and what that obliges to.
 *
 * @module
 */
import { noteAdopting } from "../handle/descriptor.ts";
import { check, PidfdError } from "../kernel/errors.ts";
import { type ExitStatus, reapExit } from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";
import type { Member } from "./member.ts";

/**
 * Has orphaned descendants given to this process instead of to pid 1, so that no double fork leaves the tree below it: they
 * become its children, and `ProcessTree.of(process.pid)` finds them. It counts for the whole process, Workers included, and for
 * children that exist already; execve(2) keeps it, and children don't inherit it.
 *
 * A child that was given to you is yours to reap, and no runtime does that: it stays a zombie until then. `killTree()` and
 * `terminate()` do it with `reapAdopted`, for those that were found while they had another parent. Linux 3.4,
 * {@link https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html PR_SET_CHILD_SUBREAPER(2const)}.
 *
 * Best, one thread does it. Several count together where they have loaded one native library, as Node's have from the npm package,
 * and all that give {@linkcode loadLibrary} one path. Where each has loaded its own, which may be so in Deno and Bun, they don't
 * know of each other: each puts back what it found, and so may end it for another one, or leave it on.
 *
 * @returns Disposing of it, and of every other one, puts back how it was before; a second time does nothing. The end of a Worker
 * disposes of its own.
 * @throws {PidfdError} `EPERM`, `EACCES` or `ENOSYS` from a seccomp profile.
 *
 * @example While something runs that makes daemons
 * ```ts
 * import { adoptOrphans } from "@x/pidfd";
 *
 * const adopting = adoptOrphans();
 * adopting[Symbol.dispose]();
 * ```
 */
export function adoptOrphans(): Disposable {
  if (adopting === 0) {
    check(native().subreaper(1), "prctl");
    noteAdopting(true);
  }
  adopting++;
  let isOn = true;
  return {
    [Symbol.dispose]() {
      if (!isOn) return;
      isOn = false;
      adopting--;
      if (adopting > 0) return;
      // Noted first: if this thread is terminated in between, it stays on, and nobody else's is ended.
      noteAdopting(false);
      check(native().subreaper(0), "prctl");
    },
  };
}

/** How many have asked for it and not disposed of it yet, in this thread; the library counts the threads. */
let adopting = 0;

/**
 * Reaps a member that has ended and that was given to this process; null where it was not, or where it may be a child that the
 * runtime has started: whoever had another parent when it was found is none.
 */
export function reapAdopted({ pinned, parent, relation, pid }: Member): ExitStatus | null {
  const hadOtherParent = relation === "parent" && parent?.pid !== native().own_pid();
  if (!hadOtherParent || pinned.closed || pinned.isReapedByUs) return null;
  let status: ExitStatus | null;
  try {
    status = reapExit(native(), pinned.fd, pid);
  } catch (error) {
    if (error instanceof PidfdError && error.code === "ECHILD") return null; // Somebody else's, or reaped.
    throw error;
  }
  if (status) {
    pinned.isReapedByUs = true;
    pinned.status = status;
  }
  return status;
}
