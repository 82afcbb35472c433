/** `pidfd wait`: until processes have ended, children or not. */
import {
  type Command,
  EXIT_OK,
  EXIT_TIMEOUT,
  forEach,
  parseMilliseconds,
  parsePids,
  report,
} from "./command.ts";
import type { ExitStatus } from "../mod.ts";

function words(status: ExitStatus): string {
  if (!status.known) return "has ended, nobody tells how";
  if (status.signal === null) return `has ended with code ${status.code}`;
  return `was ended by ${status.signal}${status.coreDumped ? ", and dumped its core" : ""}`;
}

/** The command. */
export const wait: Command = {
  summary: "wait until each process has ended",
  usage: "[--timeout MS] PID…",
  help: `  --timeout MS   give up after so many milliseconds in all, 0 to 2147483647

How a process ended is told from Linux 6.15 on, once its parent has reaped it.
Exit code: 0 if every process has ended, 1 if one was not there, 124 if the time was up.`,
  options: { timeout: { type: "string" } },
  run(args, { timeout, json }) {
    const limit = typeof timeout === "string" ? parseMilliseconds("timeout", timeout) : undefined;
    const start = performance.now();
    const outcomes = forEach(parsePids(args), (handle) => {
      const left = limit === undefined
        ? undefined
        : Math.max(0, Math.ceil(limit - (performance.now() - start)));
      const status = handle.waitSync(left);
      if (status) return { line: words(status), record: { ended: true, status }, code: EXIT_OK };
      return { line: "still runs, the time is up", record: { ended: false }, code: EXIT_TIMEOUT };
    });
    return report(outcomes, json === true);
  },
};
