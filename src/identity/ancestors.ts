/**
 * Who this process descends from: nobody is to be ended by one that it has started.
 *
 * @module
 */
import { native } from "../kernel/native.ts";
import { askKernel } from "../kernel/pidfd_info.ts";
import { openIfThere } from "./recognising.ts";

/** What a pass over /proc showed of a process. */
interface Seen {
  readonly ppid: number;
  readonly startTicks: number;
}

/**
 * This process and its ancestors; where /proc hides one of them (hidepid) and the kernel does not tell its parent, everybody who may
 * be one, also of those whom the pass did not show, `hidden`. Nobody in this line can end, and its number go to another one, without this
 * process being given to a new parent.
 */
export function ancestorsIn(
  byPid: ReadonlyMap<number, Seen>,
  hidden: readonly number[] = [],
): Set<number> {
  // A second time, for one of them may have ended between two questions.
  return lineBy((pid) => byPid.get(pid)?.ppid) ?? lineBy(askParent) ?? lineBy(askParent) ??
    new Set([...olderThanThis(byPid), ...hidden.filter((pid) => !byPid.has(pid))]);
}

/** The line from this process up; null where it breaks off. */
function lineBy(parentOf: (pid: number) => number | undefined): Set<number> | null {
  const line = new Set<number>();
  for (let pid = native().own_pid(); pid > 0 && !line.has(pid);) {
    line.add(pid);
    // The parent of the first one of a pid namespace is not seen in there.
    const ppid = pid === 1 ? 0 : parentOf(pid);
    if (ppid === undefined) return null;
    pid = ppid;
  }
  return line;
}

/** The parent, as the kernel tells it without /proc from Linux 6.13 on; 0 where none is seen from here. */
function askParent(pid: number): number | undefined {
  const fd = openIfThere(pid);
  if (fd === null) return undefined;
  const info = askKernel(fd);
  native().close(fd);
  return info.pid === pid ? info.ppid ?? 0 : undefined;
}

/** This process and all that are as old: whoever is its ancestor was there before it. */
function olderThanThis(byPid: ReadonlyMap<number, Seen>): number[] {
  const own = native().own_pid();
  const startTicks = byPid.get(own)?.startTicks ?? Infinity;
  const older = [...byPid].filter(([, entry]) => entry.startTicks <= startTicks);
  return [own, ...older.map(([pid]) => pid)];
}
