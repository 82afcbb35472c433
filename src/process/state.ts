/**
 * Where a process is on its way out: what can be asked at once, or by blocking.
 *
 * @module
 */
import { now } from "../../ffi/timer.ts";
import type { Handle } from "../handle/handle.ts";
import { checkTimeout } from "../kernel/arguments.ts";
import { ESRCH, POLLHUP, POLLIN } from "../kernel/constants.ts";
import { type ExitStatus, reapExit } from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";
import { statusOf, willKernelReport } from "./status.ts";

/**
 * Where a process is on its way out: it runs, it has ended and waits for its parent, its parent has
 * reaped it.
 */
export type ProcessState = "running" | "exited" | "reaped";

/** Where the process is on its way out. */
export function stateOf(handle: Handle): ProcessState {
  const events = handle.poll(POLLIN, 0);
  if (events === 0) return "running";
  if (events & POLLHUP || handle.isReapedByUs) return "reaped";
  // Before Linux 6.9 there is no POLLHUP; a process that was reaped has no pid any more.
  return native().pid_of(handle.fd) === ESRCH ? "reaped" : "exited";
}

/**
 * Blocks until the process has ended and the kernel tells how, or will not; null when the time is
 * up.
 */
export function waitSync(handle: Handle, timeoutMs: number | undefined): ExitStatus | null {
  const limit = checkTimeout("wait for a process", timeoutMs) ?? -1;
  const start = now();
  if (handle.poll(POLLIN, limit) === 0) return null;
  const status = statusOf(handle);
  if (status === null || status.known || !willKernelReport()) return status;
  // It is somebody else's zombie: the kernel tells how it ended when its parent reaps it, and says
  // so by POLLHUP.
  const left = limit < 0 ? -1 : Math.max(0, Math.ceil(limit - (now() - start)));
  handle.poll(0, left);
  return statusOf(handle);
}

/** Reaps a child that has ended, once; null while it runs. */
export function reap(handle: Handle): ExitStatus | null {
  const { fd } = handle;
  if (handle.isReapedByUs) return handle.status;
  const status = reapExit(native(), fd, handle.knownPid);
  if (status === null) return null;
  handle.isReapedByUs = true;
  handle.status = status;
  // A runtime whose child it was will never say anything more of it.
  handle.waits?.settle(status);
  return status;
}
