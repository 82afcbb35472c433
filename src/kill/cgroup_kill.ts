/**
 * Ends everything in a cgroup by one write: the kernel does it so that nothing can escape by
 * forking.
 *
 * @module
 */
import { closeOwned } from "../handle/descriptor.ts";
import { native } from "../kernel/native.ts";
import { bytesOf, MOST_BYTES, pathRecord, readText } from "../proc/file.ts";
import { MOUNTS } from "../tree/cgroup_folder.ts";
import type { Member } from "../tree/member.ts";

/**
 * Ends a cgroup that holds exactly these members. False, and nobody is ended, where it holds
 * anybody else, has others below it, or can't be written; where a process of another pid namespace
 * is in it, who is listed as 0; and where it holds more than some 600, whose list is not read
 * whole.
 */
export function killCgroup(path: string, members: Member[]): boolean {
  // Above the namespace's root is nothing that a mount of it shows: such a path would lead out of
  // the mount.
  if (path === "/.." || path.startsWith("/../")) return false;
  return members.length > 0 && MOUNTS.some((mount) => killAt(`${mount}${path}`, members));
}

/**
 * Opens before it looks: had the cgroup been removed since, and made anew for others, the list
 * would be theirs, and the write would reach nobody.
 */
function killAt(path: string, members: Member[]): boolean {
  const file = native().cgroup_kill_open(pathRecord(bytesOf(`${path}/cgroup.kill`)).bytes);
  if (file < 0) return false;
  try {
    return holdsExactly(path, members) && native().cgroup_kill(file) > 0;
  } finally {
    closeOwned(file);
  }
}

function holdsExactly(path: string, members: Member[]): boolean {
  if (!/^nr_descendants 0$/m.test(read(`${path}/cgroup.stat`))) return false;
  const pids = new Set(members.map(({ pid }) => pid));
  // Every line is ended: what is behind the last one is empty.
  const listed = read(`${path}/cgroup.procs`).split("\n").slice(0, -1);
  // A member that has its number still had it when the list was made.
  return listed.length === pids.size && listed.every((line) => pids.has(Number(line))) &&
    members.every((member) => member.holdsPid());
}

/** The text of a file; "" where it can't be read, or not whole. */
function read(path: string): string {
  const text = readText(path) ?? "";
  return text.length < MOST_BYTES ? text : "";
}
