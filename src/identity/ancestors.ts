/**
 * Who this process descends from: nobody is to be ended by one that it has started.
 *
 * @module
 */
import { closeOwned } from "../handle/descriptor.ts";
import { native } from "../kernel/native.ts";
import { askKernel } from "../kernel/pidfd_info.ts";
import { NativeRecord } from "../kernel/record.ts";
import { type ProcessRecord, startTicksOf, withProc } from "../proc/scan.ts";
import { openIfThere } from "./reopen.ts";

/** What a pass over /proc showed of a process. */
interface Seen {
  readonly ppid: number;
  readonly startTicks: number;
}

/**
 * This process and its ancestors; where /proc hides one of them (hidepid) and the kernel does not
 * tell its parent, everybody who may be one, also of those whom the pass did not show, `hidden`.
 * Nobody in this line can end, and its number go to another one, without this process being given
 * to a new parent.
 */
export function ancestorsIn(
  byPid: ReadonlyMap<number, Seen>,
  hidden: readonly number[] = [],
): Set<number> {
  // A second time, for one of them may have ended between two questions.
  return lineBy((pid) => byPid.get(pid)?.ppid) ?? lineBy(askParent) ?? lineBy(askParent) ??
    new Set([...olderThanThis(byPid), ...hidden.filter((pid) => !byPid.has(pid))]);
}

/**
 * The same without a pass over /proc, unless /proc hides one of them and the kernel does not tell
 * its parent.
 */
export function ancestorsOfThis(hidden: readonly number[]): Set<number> {
  return lineBy(askParent) ?? lineBy(askParent) ?? lineBy(readParent) ?? lineBy(readParent) ??
    ancestorsIn(seenNow(), hidden);
}

/**
 * A process and its ancestors, as far as they can be told. The pids may be others' by the time that
 * they are used.
 */
export function ancestorsOf(pid: number): Set<number> {
  return lineBy(askParent, pid) ?? lineBy(readParent, pid) ?? new Set([pid]);
}

function seenNow(): Map<number, Seen> {
  const byPid = new Map<number, Seen>();
  withProc((proc) =>
    proc.pass(false, (process) => {
      const startTicks = startTicksOf(process);
      byPid.set(process.number("pid"), { ppid: process.number("ppid"), startTicks });
    })
  );
  return byPid;
}

const record: ProcessRecord = new NativeRecord("ProcessRecord");

/** The parent, as /proc tells it. */
function readParent(pid: number): number | undefined {
  const fd = withProc((proc) => proc.pin(pid, record));
  if (typeof fd !== "number") return undefined;
  closeOwned(fd);
  return record.number("ppid");
}

/**
 * The line from a process up, by pids, which others may have by the time that it is used; null
 * where it breaks off.
 */
function lineBy(
  parentOf: (pid: number) => number | undefined,
  from: number = native().own_pid(),
): Set<number> | null {
  const line = new Set<number>();
  for (let pid = from; pid > 0 && !line.has(pid);) {
    line.add(pid);
    // The parent of the first one of a pid namespace is not seen in there.
    const ppid = pid === 1 ? 0 : parentOf(pid);
    if (ppid === undefined) return null;
    pid = ppid;
  }
  return line;
}

/**
 * The parent, as the kernel tells it without /proc from Linux 6.13 on; 0 where none is seen from
 * here.
 */
function askParent(pid: number): number | undefined {
  const fd = openIfThere(pid);
  if (fd === null) return undefined;
  const info = askKernel(fd);
  closeOwned(fd);
  return info.pid === pid ? info.ppid ?? 0 : undefined;
}

/** This process and all that are as old: whoever is its ancestor was there before it. */
function olderThanThis(byPid: ReadonlyMap<number, Seen>): number[] {
  const own = native().own_pid();
  const startTicks = byPid.get(own)?.startTicks ?? Infinity;
  const older = [...byPid].filter(([, entry]) => entry.startTicks <= startTicks);
  return [own, ...older.map(([pid]) => pid)];
}
