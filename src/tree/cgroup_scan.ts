/**
 * Finds the members of a tree in the cgroup that the tree owns.
 *
 * @module
 */
import { closeOwned } from "../handle/descriptor.ts";
import { Handle } from "../handle/handle.ts";
import { NativeRecord } from "../kernel/record.ts";
import { Proc, type ProcessRecord } from "../proc/scan.ts";
import type { OwnCgroup } from "./cgroups.ts";
import type { Roster } from "./roster.ts";

/** Reused by every read of a pinned process. */
const record: ProcessRecord = new NativeRecord("ProcessRecord");

/** Passes over all processes, in steps, and adds those that are in the cgroup. */
export function* scanCgroup(roster: Roster, cgroup: OwnCgroup): Generator<void, void> {
  const proc = new Proc();
  try {
    const pids: number[] = [];
    yield* proc.passInSteps(false, (process) => pids.push(process.number("pid")));
    const known = new Set(roster.members.filter((one) => one.holdsPid()).map(({ pid }) => pid));
    for (const [count, pid] of pids.entries()) {
      if (count % 32 === 31) yield;
      roster.checkOpen();
      if (!known.has(pid)) takeByCgroup(roster, proc, pid, cgroup);
    }
  } finally {
    proc.close();
  }
}

/** Pins a process, reads it, and adds it if it is in the tree's cgroup. */
function takeByCgroup(roster: Roster, proc: Proc, pid: number, cgroup: OwnCgroup): void {
  const fd = proc.pin(pid, record);
  if (fd === "hidden") roster.hidden++;
  if (typeof fd !== "number") return;
  let isMember = false;
  try {
    isMember = cgroup.holds({ fd, knownPid: pid }, roster.members);
  } finally {
    if (!isMember) closeOwned(fd);
  }
  if (!isMember) return;
  const handle = new Handle(fd, pid);
  // The first member is the root.
  roster.add({ handle, read: record, parent: roster.members[0], relation: "cgroup" });
}
