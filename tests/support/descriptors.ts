/** What this process has open. */
import { readdirSync, readlinkSync } from "node:fs";

/** How many pidfds this process has open: other descriptors belong to the runtime, and come and go. */
export function countPidfds(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return /pidfd/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false; // The directory itself was open while it was listed.
    }
  }).length;
}

/** How many descriptors this process has open, for what is over before the runtime does anything else. */
export function countDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}
