/**
 * Being the one to whom orphaned descendants are given, and what that obliges to.
 *
 * @module
 */
import { checkBoolean, checkFunction, readOptions } from "../kernel/arguments.ts";
import { check, PidfdError } from "../kernel/errors.ts";
import { type ExitStatus, reapExit } from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";
import { type OnOrphan, reapOrphans } from "../orphans/reaper.ts";
import type { Member } from "./member.ts";

/** What {@linkcode adoptOrphans} does with the orphans that it gets. */
export interface AdoptOrphansOptions {
  /** Whether each is reaped when it has ended; false if left out. */
  readonly reap?: boolean | undefined;
  /** Called with each that was reaped. What it throws is an uncaught error. */
  readonly onOrphan?: OnOrphan | undefined;
}

/**
 * Has orphaned descendants given to this process instead of to pid 1, so that no double fork leaves
 * the tree below it: they become its children, and `ProcessTree.of(process.pid)` finds them. It
 * counts for the whole process, Workers included, and for children that exist already. execve(2)
 * keeps it, and children don't inherit it.
 *
 * Let one thread ask for it. Threads don't know of each other: a Worker puts back what it found,
 * and so may end it for another thread or leave it on, as does one that is terminated.
 *
 * An orphan that was re-parented to you is yours to reap, and no runtime does that: it stays a
 * zombie until you do, or until your process exits. With `reapAdopted`, `killTree()` and
 * `ProcessTree.terminate()` reap those members of their tree which they found while these had
 * another parent. They do not reap an orphan that was yours before the call, that was found by its
 * session, group or cgroup, or that exits after the call: {@linkcode Pidfd.reap} does, of a handle
 * of it. Linux 3.4, {@link https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
 * PR_SET_CHILD_SUBREAPER(2const)}.
 *
 * **With `reap: true`** this process does the whole duty of a subreaper, or of pid 1: each orphan
 * is reaped a second or two after it has ended. Children that the runtime has started, in whatever
 * thread, still have their events with the right status: Bun and Deno keep a pidfd of each until
 * they have reaped it, Node a handle of its loop, and children of other threads than the first one
 * are left to those threads. Nothing polls: the runtime reports SIGCHLD.
 *
 * Reaped too are the children of a Worker that was terminated, for whom nobody waits any more, and
 * those that this process had before it executed the runtime. **An add-on that forks by itself**
 * and waits for its children in a thread of its own (as node-pty does) has a second for that: a
 * child that it leaves a zombie for longer is taken for an orphan. `reap: true` needs the first
 * thread of the process, so that it works neither in a Worker nor in `deno test`, and not in
 * Electron.
 *
 * @param options Whether orphans are reaped, and who is told.
 * @returns Disposing of it, and of every other one of this thread, puts back how it was before; a
 * second time does nothing.
 * @throws {TypeError} If an option is of a wrong type.
 * @throws {PidfdError} `EPERM`, `EACCES` or `ENOSYS` from a seccomp profile; with `reap`,
 * `EOPNOTSUPP` where the runtime's children can't be told from orphans: this is not the process's
 * first thread, or the kernel lists no children; `EREMOTE` or `ENOENT` if /proc is another pid
 * namespace's, or not mounted; `EMFILE`, `ENFILE` or `ENOMEM` if no descriptor is free.
 *
 * @example While something runs that makes daemons
 * ```ts
 * import { adoptOrphans } from "@x/pidfd";
 *
 * const adopting = adoptOrphans();
 * adopting[Symbol.dispose]();
 * ```
 *
 * @example The duty of pid 1, or of a supervisor
 * ```ts
 * import { adoptOrphans } from "@x/pidfd";
 *
 * const adopting = adoptOrphans({
 *   reap: true,
 *   onOrphan: ({ pid, status }) => console.log(`${pid} ended with ${status.code}`),
 * });
 * adopting[Symbol.dispose]();
 * ```
 */
export function adoptOrphans(options: AdoptOrphansOptions = {}): Disposable {
  const action = "adopt orphans";
  const { reap, onOrphan } = readOptions(action, options, { reap: false, onOrphan: undefined });
  checkBoolean(action, "reap", reap);
  checkFunction(action, "onOrphan", onOrphan);
  if (onOrphan && !reap) throw new TypeError(`Cannot ${action}: "onOrphan" goes with "reap"`);
  const stopReaping = reap ? reapOrphans(onOrphan) : undefined;
  try {
    adopt();
  } catch (error) {
    stopReaping?.();
    throw error;
  }
  let isOn = true;
  return {
    [Symbol.dispose]() {
      if (!isOn) return;
      isOn = false;
      stopReaping?.();
      adopting--;
      if (adopting === 0) putBack();
    },
  };
}

function adopt(): void {
  if (adopting === 0) before = check(native().subreaper(-1), "prctl");
  check(native().subreaper(1), "prctl");
  adopting++;
}

function putBack(): void {
  endings++;
  check(native().subreaper(before), "prctl");
}

/**
 * Whether orphans are given to this process: a number, which stays the same for as long as they
 * are, or null if they are not.
 */
export function adoption(): number | null {
  return native().own_pid() === 1 || native().subreaper(-1) === 1 ? endings : null;
}

/** How often this thread has put back how it was. */
let endings = 0;

/** How many have asked for it and not disposed of it yet, in this thread. */
let adopting = 0;

/** How it was before the first of them. */
let before = 0;

/**
 * Reaps a member that has ended and that was given to this process; null where it was not, or where
 * it may be a child that the runtime has started: whoever had another parent when it was found is
 * none.
 */
export function reapAdopted({ core, parent, relation, pid }: Member): ExitStatus | null {
  const hadOtherParent = relation === "parent" && parent?.pid !== native().own_pid();
  if (!hadOtherParent || core.closed || core.isReapedByUs) return null;
  let status: ExitStatus | null;
  try {
    status = reapExit(native(), core.fd, pid);
  } catch (error) {
    // Another parent's, or reaped.
    if (error instanceof PidfdError && error.code === "ECHILD") return null;
    throw error;
  }
  if (status) {
    core.isReapedByUs = true;
    core.status = status;
  }
  return status;
}
