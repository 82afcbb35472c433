/**
 * Sends signals through a handle.
 *
 * @module
 */
import { EINVAL, EREMOTE, ESRCH } from "./constants.ts";
import { failure } from "./errors.ts";
import type { Handle } from "./handle.ts";
import { native } from "./native.ts";

/** Sends a signal, by its number, in one native call that looks first; false if the process has ended. */
export function sendSignal(handle: Handle, number: number): boolean {
  const { fd } = handle;
  const result = native().signal(fd, number, 0);
  if (result === 0) return true;
  if (result === ESRCH) return false;
  // The kernel says EINVAL for a process that it can't see from here; the arguments were checked.
  const isElsewhere = result === EINVAL && native().pid_of(fd) === EREMOTE;
  const errno = isElsewhere ? EREMOTE : result;
  throw failure({ errno, syscall: "pidfd_send_signal", pid: handle.knownPid });
}
