/**
 * Where a process is on its way out, and how it ended: what can be asked at once, or by blocking.
 *
 * @module
 */
import { checkInteger } from "./arguments.ts";
import { ESRCH, POLLHUP, POLLIN } from "./constants.ts";
import { type ExitStatus, peekExit, reapExit } from "./exit.ts";
import { feature } from "./features.ts";
import type { Handle } from "./handle.ts";
import { native } from "./native.ts";

/** Where a process is on its way out: it runs, it has ended and waits for its parent, its parent has reaped it. */
export type ProcessState = "running" | "exited" | "reaped";

/** Where the process is on its way out. */
export function stateOf(handle: Handle): ProcessState {
  const events = handle.poll(POLLIN, 0);
  if (events === 0) return "running";
  if (events & POLLHUP || handle.isReapedByUs) return "reaped";
  // Before Linux 6.9 there is no POLLHUP; a process that was reaped has no pid any more.
  return native().pid_of(handle.fd) === ESRCH ? "reaped" : "exited";
}

/** How the process ended, as far as anybody tells; null while it runs. */
export function statusOf(handle: Handle): ExitStatus | null {
  if (handle.isAlive()) return null;
  if (handle.status) return handle.status;
  const status = peekExit(native(), handle.fd);
  if (status.known) handle.status = status;
  return status;
}

/** Blocks until the process has ended and the kernel tells how, or will not; null when the time is up. */
export function waitSync(handle: Handle, timeoutMs: number | undefined): ExitStatus | null {
  const limit = timeoutMs === undefined
    ? -1
    : checkInteger("wait for a process", "timeoutMs", timeoutMs, 0);
  const start = performance.now();
  if (handle.poll(POLLIN, limit) === 0) return null;
  const status = statusOf(handle);
  if (status === null || status.known || !feature("PIDFD_INFO_EXIT").available) return status;
  // It is somebody else's zombie: the kernel tells how it ended when its parent reaps it, and says so by POLLHUP.
  const left = limit < 0 ? -1 : Math.max(0, Math.ceil(limit - (performance.now() - start)));
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
  return status;
}
