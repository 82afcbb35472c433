/**
 * What one pass over /proc showed, as a walk through a tree needs it.
 *
 * @module
 */
import { note } from "../handle/descriptor.ts";
import { native } from "../kernel/native.ts";
import { nameOf, type Pass, type Proc, type ProcessRecord, startTicksOf } from "./scan.ts";

/** What a pass showed of one process. */
export interface Entry {
  readonly pid: number;
  readonly ppid: number;
  readonly group: number;
  readonly session: number;
  readonly startTicks: number;
  /** Only where it was pinned. */
  readonly name: string;
  /** Where it was pinned: of this very process, while it was read. Else, and once it was taken, -1. */
  pidfd: number;
}

/** Everything that one pass showed, and the pidfds of those that it pinned on the way, until they are taken. */
export class Sight implements Pass {
  startTicks = -1;
  hidden = 0;
  /** By ascending pid, in the order in which they were read. */
  readonly byPid: Map<number, Entry> = new Map();
  readonly byParent: Map<number, Entry[]> = new Map();

  /** Looks, and pins the descendants of `parents` that it meets behind their parents, as far as descriptors are free. */
  look(proc: Proc, parents: Iterable<number>): void {
    const { startTicks, hidden } = proc.pass(false, (process) => this.#add(process), parents);
    this.startTicks = startTicks;
    this.hidden = hidden;
  }

  /** Gives a pidfd to the caller. */
  take(entry: Entry): number {
    const { pidfd } = entry;
    entry.pidfd = -1;
    return pidfd;
  }

  /** Closes what was not taken. */
  close(): void {
    for (const entry of this.byPid.values()) {
      if (entry.pidfd < 0) continue;
      const pidfd = this.take(entry);
      note(pidfd, false);
      native().close(pidfd);
    }
  }

  #add(process: ProcessRecord): void {
    const pidfd = process.number("pidfd");
    const entry = {
      pid: process.number("pid"),
      ppid: process.number("ppid"),
      group: process.number("group"),
      session: process.number("session"),
      startTicks: startTicksOf(process),
      name: pidfd < 0 ? "" : nameOf(process),
      pidfd,
    };
    this.byPid.set(entry.pid, entry);
    const siblings = this.byParent.get(entry.ppid);
    if (siblings) siblings.push(entry);
    else this.byParent.set(entry.ppid, [entry]);
  }
}
