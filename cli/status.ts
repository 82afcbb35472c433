/** How a process ended, in words. */
import type { ExitStatus } from "../mod.ts";

/** An exit status in words. */
export function describeStatus(status: ExitStatus): string {
  if (!status.known) return "exited, status unknown";
  if (status.signal === null) return `exited with code ${status.code}`;
  return `killed by ${status.signal}${status.coreDumped ? ", core dumped" : ""}`;
}

/** The end of a process that was asked or forced to end, in words. */
export function describeEnd(status: ExitStatus, forced: boolean, durationMs: number): string {
  const how = status.known ? describeStatus(status) : "ended";
  return `${how} after ${Math.round(durationMs)} ms${forced ? ", forced" : ""}`;
}
