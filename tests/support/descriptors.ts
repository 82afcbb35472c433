/** What this process has open. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * How many pidfds this process has open: other descriptors belong to the runtime, and come and go.
 */
export function countPidfds(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return /pidfd/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false; // The directory itself was open while it was listed.
    }
  }).length;
}

/** Resolves once so many children of this process hold a pidfd of `pid`, for at most 30 seconds. */
export async function heldByChildren(pid: number, count: number): Promise<void> {
  const line = new RegExp(`^Pid:\\t${pid}$`, "m");
  const end = performance.now() + 30_000;
  while (childrenOfThis().filter((child) => holds(child, line)).length < count) {
    if (performance.now() > end) throw new Error(`nobody opened ${pid}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The pids of the children of this process, zombies among them. */
export function childrenOfThis(): string[] {
  return readdirSync("/proc/self/task").flatMap((task) => {
    try {
      const file = `/proc/self/task/${task}/children`;
      return readFileSync(file, "latin1").split(" ").filter(Boolean);
    } catch {
      return []; // The thread has ended.
    }
  });
}

/** How many of them are zombies. */
export function zombiesOfThis(): number {
  return childrenOfThis().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
    } catch {
      return false; // It was reaped meanwhile.
    }
  }).length;
}

function holds(process: string, line: RegExp): boolean {
  try {
    const folder = `/proc/${process}/fdinfo`;
    return readdirSync(folder).some((fd) => line.test(readFileSync(`${folder}/${fd}`, "latin1")));
  } catch {
    return false; // It closed a descriptor, or ended, while it was looked at.
  }
}

/**
 * How many descriptors this process has open; a few of them are the runtime's own, and come and go.
 */
export function countDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}
