/**
 * The exit code that stands for the end of another process.
 *
 * @module
 */
import { checkInteger, show } from "./arguments.ts";
import type { ExitStatus } from "./exit.ts";
import { signalNumber } from "./signals.ts";

/**
 * The exit code that a shell has for a process: its own code, or 128 + N if signal N ended it, such
 * as 143 for SIGTERM. For a program that starts another one and ends as that one did.
 *
 * Code 143 does not prove that a signal was sent: a process may exit with 143 by itself.
 * `status.signal` tells the two apart.
 *
 * @param status How the process ended.
 * @returns An integer from 0 to 255; null where it is not known how it ended.
 * @throws {TypeError} If `status` is no exit status, such as the null of a process that runs.
 * @throws {RangeError} If its code is outside 0 to 255.
 *
 * @example End as the other one did
 * ```ts
 * import { spawn } from "node:child_process";
 * import { exitCodeOf, Pidfd } from "@x/pidfd";
 *
 * const handle = Pidfd.of(spawn("sleep", ["1000"]));
 * handle.signal("SIGTERM");
 * console.log(exitCodeOf(await handle.wait())); // 143
 * handle.close();
 * ```
 */
export function exitCodeOf(status: ExitStatus): number | null {
  if (typeof status !== "object" || status === null || typeof status.known !== "boolean") {
    throw new TypeError(
      `Cannot tell an exit code: "status" must be an exit status: ${show(status)}`,
    );
  }
  if (!status.known) return null;
  if (status.signal !== null) return 128 + signalNumber(status.signal);
  return checkInteger("tell an exit code", "code", status.code, 0, 255);
}
