/**
 * Where a process is on its way out, and how it ended: what can be asked at once, or by blocking.
 *
 * @module
 */
import { now } from "../../ffi/timer.ts";
import { feature } from "../features/features.ts";
import { statusSoFar } from "../handle/child.ts";
import type { Handle } from "../handle/handle.ts";
import { checkInteger } from "../kernel/arguments.ts";
import { ESRCH, POLLHUP, POLLIN } from "../kernel/constants.ts";
import { type ExitStatus, type KnownStatus, peekExit, reapExit, UNKNOWN } from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";

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
  if (status.known) keep(handle, status);
  return handle.status ?? wordOf(handle) ?? handle.seen ?? UNKNOWN;
}

/** What the runtime has said of its child by now. */
function wordOf(handle: Handle): ExitStatus | null {
  const word = handle.child ? statusSoFar(handle.child) : null;
  return word && keepWord(handle, word);
}

/** Whether nobody knows better. */
export function isCertain(handle: Handle, status: ExitStatus): boolean {
  return status.known && status === handle.status;
}

/** Remembers what a look has told: for certain, or until the runtime has said its word. */
export function keep(handle: Handle, status: ExitStatus): void {
  if (status.signal !== null || !handle.child || areLooksSound()) handle.status ??= status;
  else handle.seen ??= status;
}

/**
 * On Linux 5.10, and no longer on 6.1, a look that does not reap (WNOWAIT) tells the code of the first thread, which may have
 * ended long before the process, and otherwise. A signal that ends one thread ends them all. 6.9 is the first kernel after that
 * which shows itself without any process being made for it.
 */
function areLooksSound(): boolean {
  return feature("PIDFD_THREAD").available || feature("PIDFD_INFO_EXIT").available;
}

/** Remembers what the runtime says, who has reaped its child, with what only a look tells: what the child had used up. */
export function keepWord(handle: Handle, word: KnownStatus): ExitStatus {
  const { seen } = handle;
  return handle.status ??= seen ? Object.freeze({ ...seen, ...word }) : word;
}

/** Blocks until the process has ended and the kernel tells how, or will not; null when the time is up. */
export function waitSync(handle: Handle, timeoutMs: number | undefined): ExitStatus | null {
  const limit = timeoutMs === undefined
    ? -1
    : checkInteger("wait for a process", "timeoutMs", timeoutMs, 0);
  const start = now();
  if (handle.poll(POLLIN, limit) === 0) return null;
  const status = statusOf(handle);
  if (status === null || status.known || !feature("PIDFD_INFO_EXIT").available) return status;
  // It is somebody else's zombie: the kernel tells how it ended when its parent reaps it, and says so by POLLHUP.
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
  handle.waits?.told(status);
  return status;
}
