/** How a process ended, in words. */
import type { ExitStatus } from "../mod.ts";

/** An exit status in words. */
export function describeStatus(status: ExitStatus): string {
  if (!status.known) return "has ended, nobody tells how";
  if (status.signal === null) return `has ended with code ${status.code}`;
  return `was ended by ${status.signal}${status.coreDumped ? ", and dumped its core" : ""}`;
}

/** The end of a process that was asked or forced to end, in words. */
export function describeEnd(status: ExitStatus, forced: boolean, durationMs: number): string {
  const how = status.known ? describeStatus(status) : "has ended";
  return `${how} after ${Math.round(durationMs)} ms${forced ? ", it had to be forced" : ""}`;
}
