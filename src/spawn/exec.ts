/**
 * Replaces this program by a guard, as `pidfd run` does.
 *
 * @module
 */
import { native } from "../kernel/native.ts";
import { checkArguments, checkFilled, checkSpawnOptions, type SpawnOptions } from "./options.ts";
import { checkPermission } from "./permission.ts";
import { makeRequest } from "./request.ts";
import { failed } from "./spawn.ts";
import { NULL_DEVICE, OURS } from "./stdio.ts";

/**
 * Replaces this program, with all of its threads, by the guard of a command: the pid stays, and the
 * guard hands the signals that it is sent on to the command, reaps every orphan that it gets, ends
 * what the command leaves, and exits as timeout(1) does: with the command's exit code, 128 + N for
 * signal N (by SIGINT itself for that), 124 once `timeoutMs` is over, 125 where the guard fails or
 * may not end what is left, 126 or 127 where the command can't be started.
 *
 * Where this is not pid 1, a second guard runs below it: either ends everything if somebody kills
 * the other one. The children that this program has are ended with the command.
 *
 * It returns only by throwing, and the program should exit then: its descriptors, working directory
 * and umask may be the command's already.
 *
 * @throws {TypeError} If an argument or an option is of a wrong type.
 * @throws {RangeError} If a number is outside its range.
 * @throws {SpawnFailedError} If the guard can't be executed, with the failed step.
 */
export function execContained(
  command: string,
  args: readonly string[] = [],
  options: Omit<SpawnOptions, "lifetime" | "signal"> = {},
): never {
  checkFilled("command", command);
  const texts = checkArguments(args);
  const checked = checkSpawnOptions({ ...options, lifetime: "contained" });
  for (const { target, kind } of checked.fds) {
    if (kind === OURS || kind === NULL_DEVICE) continue;
    throw new TypeError(`Cannot exec: the other end of descriptor ${target} would be lost`);
  }
  checkPermission(command, checked);
  const request = makeRequest(command, texts, checked, true);
  throw failed(native().replace(request.bytes), request, command, checked);
}
