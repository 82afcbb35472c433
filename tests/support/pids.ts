/** Pids that a test chooses: the kernel counts on from the one that it gave last. */
import { readFileSync, writeFileSync } from "node:fs";

const LAST_PID = "/proc/sys/kernel/ns_last_pid";

/** Has the next process get this pid, unless it is in use or another process is started first. */
export function chooseNextPid(pid: number): void {
  writeFileSync(LAST_PID, String(pid - 1));
}

/** Why the next process can't be given a pid; false if it can. */
export const canNotChoosePids: string | false = (() => {
  try {
    writeFileSync(LAST_PID, readFileSync(LAST_PID));
    return false;
  } catch {
    return `${LAST_PID} can't be written`;
  }
})();
