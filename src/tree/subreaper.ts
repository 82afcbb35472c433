/**
 * Being the one to whom orphaned descendants are given, and what that obliges to.
 *
 * @module
 */
import { check, PidfdError } from "../kernel/errors.ts";
import { type ExitStatus, reapExit } from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";
import type { Member } from "./member.ts";

/**
 * Has orphaned descendants given to this process instead of to pid 1, so that no double fork leaves the tree below it: they
 * become its children, and `ProcessTree.of(process.pid)` finds them. It counts for the whole process, Workers included, and for
 * children that exist already. execve(2) keeps it, and children don't inherit it.
 *
 * Let one thread ask for it. Threads don't know of each other: a Worker puts back what it found, and so may end it for another
 * thread or leave it on, as does one that is terminated.
 *
 * A child that was given to you is yours to reap, and no runtime does that: it stays a zombie until then. `killTree()` and
 * `terminate()` do it with `reapAdopted`, for those that were found while they had another parent. Linux 3.4,
 * {@link https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html PR_SET_CHILD_SUBREAPER(2const)}.
 *
 * @returns Disposing of it, and of every other one of this thread, puts back how it was before; a second time does nothing.
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
  if (adopting === 0) before = check(native().subreaper(-1), "prctl");
  check(native().subreaper(1), "prctl");
  adopting++;
  let isOn = true;
  return {
    [Symbol.dispose]() {
      if (!isOn) return;
      isOn = false;
      adopting--;
      if (adopting === 0) check(native().subreaper(before), "prctl");
    },
  };
}

/** How many have asked for it and not disposed of it yet, in this thread. */
let adopting = 0;

/** How it was before the first of them. */
let before = 0;

/**
 * Reaps a member that has ended and that was given to this process; null where it was not, or where it may be a child that the
 * runtime has started: whoever had another parent when it was found is none.
 */
export function reapAdopted({ core, parent, relation, pid }: Member): ExitStatus | null {
  const hadOtherParent = relation === "parent" && parent?.pid !== native().own_pid();
  if (!hadOtherParent || core.closed || core.isReapedByUs) return null;
  let status: ExitStatus | null;
  try {
    status = reapExit(native(), core.fd, pid);
  } catch (error) {
    if (error instanceof PidfdError && error.code === "ECHILD") return null; // Somebody else's, or reaped.
    throw error;
  }
  if (status) {
    core.isReapedByUs = true;
    core.status = status;
  }
  return status;
}
