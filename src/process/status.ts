/**
 * The exit status of a process, as the kernel, the watcher and the runtime report it.
 *
 * @module
 */
import { type ChildEnd, runtimeStatus, statusSoFar } from "../../ffi/child.ts";
import { feature, isKnown } from "../features/features.ts";
import type { Handle } from "../handle/handle.ts";
import {
  exited,
  type ExitStatus,
  killed,
  type KnownStatus,
  peekExit,
  UNKNOWN,
} from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";
import { signalNumber } from "../kernel/signals.ts";

/** What the watcher saw: the process has exited, and perhaps it was reaped too. */
export interface WatchEvent {
  readonly reaped: boolean;
  /**
   * The exit status, where the watcher saw it: of our child before the reap, of others after it.
   */
  readonly status: ExitStatus | null;
}

/** The exit status, as far as anybody reports it; null while the process runs. */
export function statusOf(handle: Handle): ExitStatus | null {
  if (handle.isAlive()) return null;
  if (handle.status) return handle.status;
  const status = peekExit(native(), handle.fd);
  if (status.known) keep(handle, status);
  return handle.status ?? runtimeStatusOf(handle) ?? handle.provisionalStatus ?? UNKNOWN;
}

/** Looks again after an event, and keeps what the watcher saw. */
export function learnStatus(handle: Handle, { status, reaped }: WatchEvent): ExitStatus {
  if (status) {
    keep(handle, status);
    return handle.status ?? status;
  }
  // The watcher has just looked at a zombie that is not our child: more is reported at its reap.
  if (!reaped && willKernelReport()) return handle.status ?? UNKNOWN;
  return statusOf(handle) ?? UNKNOWN;
}

/** Whether nobody knows better. */
export function isCertain(handle: Handle, status: ExitStatus): boolean {
  return status.known && status === handle.status;
}

/** Whether the kernel will report the exit status once the process was reaped. */
export function willKernelReport(): boolean {
  return feature("PIDFD_INFO_EXIT").available;
}

/** Whether that is unknown for now, for want of memory, descriptors or processes. */
export function isReportUnsure(): boolean {
  return !isKnown("PIDFD_INFO_EXIT");
}

/** Where the kernel reports no more, the runtime may know how its child exited. */
export async function askRuntime(handle: Handle): Promise<ExitStatus> {
  // A runtime whose child somebody else has reaped rejects: then it knows nothing either.
  const status = handle.child
    ? await runtimeStatus(handle.child).then(fromEnd).catch(() => null)
    : null;
  if (status) return keepRuntimeStatus(handle, status);
  return handle.status ?? handle.provisionalStatus ?? UNKNOWN;
}

/** What the runtime has reported of its child by now. */
function runtimeStatusOf(handle: Handle): ExitStatus | null {
  const status = handle.child ? fromEnd(statusSoFar(handle.child)) : null;
  return status && keepRuntimeStatus(handle, status);
}

/** The runtime does not report a core dump. */
function fromEnd(end: ChildEnd | null): KnownStatus | null {
  if (end === null) return null;
  const { code, signal } = end;
  return signal === null ? exited(code!) : killed(signalNumber(signal), false);
}

/**
 * Keeps what the runtime reports, which has reaped its child, with what only a look sees: the
 * resource usage.
 */
function keepRuntimeStatus(handle: Handle, status: KnownStatus): ExitStatus {
  const { provisionalStatus } = handle;
  return handle.status ??= provisionalStatus
    ? Object.freeze({ ...provisionalStatus, ...status })
    : status;
}

/** Keeps what a look saw: for good, or until the runtime has reported. */
function keep(handle: Handle, status: ExitStatus): void {
  if (status.signal !== null || !handle.child || areLooksSound()) handle.status ??= status;
  else handle.provisionalStatus ??= status;
}

/**
 * On Linux 5.10, and no longer on 6.1, a look that does not reap (WNOWAIT) reports the exit code of
 * the first thread, which may have exited long before the process, and with another code. A signal
 * that ends one thread ends them all. 6.9 is the first kernel after that which shows itself without
 * any process being made for it.
 */
function areLooksSound(): boolean {
  return feature("PIDFD_THREAD").available || willKernelReport();
}
