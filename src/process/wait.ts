/**
 * Waits for the end of a process without blocking.
 *
 * @module
 */
import type { Handle } from "../handle/handle.ts";
import { checkAbortSignal, checkInteger, checkTimeout, readOptions } from "../kernel/arguments.ts";
import type { ExitStatus } from "../kernel/exit.ts";
import { isCertain, statusOf, willKernelReport } from "./status.ts";
import { waitsOf } from "./waits.ts";

/** How a wait may end before what it waits for. */
export interface WaitLimits {
  /** Milliseconds from 0 to 2147483647, or `Infinity`; without limit if left out. */
  readonly timeoutMs?: number | undefined;
  /** Gives the wait up when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** How long to wait for a process, and then for its status. */
export interface WaitOptions extends WaitLimits {
  /**
   * How long to wait, after the process has ended, for its exit status: the kernel reports that of
   * a process which is not your child when its parent reaps it (Linux 6.15), and some parents never
   * do. Milliseconds from 0 to 2147483647; without limit if left out. A status that is not reported
   * by then is not known. With it, `timeoutMs` limits the wait for the end alone.
   */
  readonly statusMs?: number | undefined;
}

/** The promise of the end, the same one for all who ask while nothing fails it. */
export function exitedOf(handle: Handle): Promise<void> {
  if (handle.exited) return handle.exited;
  const promise = handle.isAlive() ? untilExitedOrClosed(handle) : Promise.resolve();
  handle.exited = promise;
  // Whoever awaits it hears of a failure; the property alone must not end the program, nor keep a
  // failure for ever.
  promise.catch(() => handle.exited = undefined);
  return promise;
}

/**
 * Never settles once the handle is closed: nothing has exited then, and whoever merely has a `then`
 * on it catches nothing.
 */
function untilExitedOrClosed(handle: Handle): Promise<void> {
  return new Promise((resolve, reject) => {
    const onFailure = (reason: unknown) => {
      if (!handle.closed) reject(reason);
    };
    waitsOf(handle).until("exited", () => resolve(), onFailure);
  });
}

/** Resolves at the end. The limits were checked. */
export function untilExited(
  handle: Handle,
  timeoutMs?: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    waitsOf(handle).until("exited", () => resolve(), reject, timeoutMs, signal);
  });
}

/**
 * Waits for the end, and until somebody tells how it was. One promise and no async function: each
 * of those takes as much memory again as all the rest, and ten thousand may wait at once.
 */
export function waitFor(handle: Handle, options?: WaitOptions): Promise<ExitStatus> {
  return new Promise((resolve, reject) => {
    let timeoutMs: number | undefined;
    let signal: AbortSignal | undefined;
    let statusMs: number | undefined;
    if (options !== undefined) {
      ({ timeoutMs, signal, statusMs } = checkedOptions(options));
    }
    signal?.throwIfAborted();
    const status = statusOf(handle);
    if (status !== null && isCertain(handle, status)) resolve(status);
    else if (statusMs !== undefined) resolve(endThenStatus(handle, statusMs, timeoutMs, signal));
    else waitsOf(handle).until("status", resolve, reject, timeoutMs, signal);
  });
}

async function endThenStatus(
  handle: Handle,
  statusMs: number,
  timeoutMs?: number,
  signal?: AbortSignal,
): Promise<ExitStatus> {
  if (handle.isAlive()) await untilExited(handle, timeoutMs, signal);
  const told = waitFor(handle, { timeoutMs: statusMs, signal });
  return await unlessTimeIsUp(told, signal) ?? statusOf(handle)!;
}

const LIMITS = { timeoutMs: undefined, signal: undefined };
const OPTIONS = { ...LIMITS, statusMs: undefined };

/** The options of a wait, checked. */
export function checkedOptions(options: WaitOptions): WaitOptions {
  const action = "wait for a process";
  const read = readOptions(action, options, OPTIONS);
  if (read.statusMs !== undefined) checkInteger(action, "statusMs", read.statusMs, 0);
  return { ...checkLimits(action, read), statusMs: read.statusMs };
}

/** The limits of a wait for something else, checked. */
export function checkedLimits(action: string, options: WaitLimits): WaitLimits {
  return checkLimits(action, readOptions(action, options, LIMITS));
}

function checkLimits(action: string, { timeoutMs, signal }: WaitLimits): WaitLimits {
  checkAbortSignal(action, signal);
  return { timeoutMs: checkTimeout(action, timeoutMs), signal };
}

/**
 * How a process that has ended did so: from the kernel, which is given `statusMs` to tell it of
 * somebody else's; from the runtime where that is its child and the kernel does not tell for
 * certain.
 */
export async function finalStatus(
  handle: Handle,
  statusMs: number,
  signal?: AbortSignal,
): Promise<ExitStatus> {
  const status = statusOf(handle)!;
  if (isCertain(handle, status)) return status;
  if (!willKernelReport()) return await waitFor(handle, { signal });
  const told = waitFor(handle, { timeoutMs: statusMs, signal });
  return await unlessTimeIsUp(told, signal) ?? statusOf(handle)!;
}

/**
 * What a wait with these limits gives, or null where its time is up; an abort is none of that,
 * whatever its reason.
 */
export async function unlessTimeIsUp<T>(wait: Promise<T>, signal?: AbortSignal): Promise<T | null> {
  try {
    return await wait;
  } catch (error) {
    const isTimeUp = !signal?.aborted && (error as Error | undefined)?.name === "TimeoutError";
    if (isTimeUp) return null;
    throw error;
  }
}
