/**
 * Ends a process: asks, waits, forces, waits, all through one handle.
 *
 * @module
 */
import { now } from "../../ffi/timer.ts";
import type { Handle } from "../handle/handle.ts";
import { checkAbortSignal, checkGrace, checkInteger, readOptions } from "../kernel/arguments.ts";
import type { ExitStatus } from "../kernel/exit.ts";
import { killSignalNumber, type Signal } from "../kernel/signals.ts";
import { sendKill, sendPolitely } from "./signal.ts";
import { finalStatus, unlessTimeIsUp, untilExited } from "./wait.ts";

/** How to end a process. */
export interface TerminateOptions {
  /**
   * The polite signal; SIGTERM if left out. SIGCONT follows it, so that a process that is stopped
   * can act on it.
   */
  readonly killSignal?: Signal | number | undefined;
  /**
   * How long to wait before SIGKILL: milliseconds from 0 to 2147483647; 5000 if left out. With
   * `Infinity` it is never sent, and the wait ends once the process has ended by itself.
   */
  readonly graceMs?: number | undefined;
  /**
   * How long to wait, after the end, for the kernel to tell how it was: of somebody else's child it
   * does at the reap (Linux 6.15). Milliseconds from 0 to 2147483647; 10 if left out. What is not
   * told by then is not known.
   */
  readonly statusMs?: number | undefined;
  /** Gives up, at whatever point, when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** How a process was ended. */
export interface Termination {
  /** How it ended. */
  readonly status: ExitStatus;
  /** Whether SIGKILL was needed. */
  readonly forced: boolean;
  /** From the polite signal to the end, in milliseconds. */
  readonly durationMs: number;
}

/** How long to wait before SIGKILL, if left out. */
export const GRACE_MS = 5000;

const DEFAULTS = { killSignal: "SIGTERM", graceMs: GRACE_MS, statusMs: 10, signal: undefined };

/** The options, checked, and the number of the signal; throws where it is aborted already. */
export function checkTerminateOptions(options: TerminateOptions, defaults: TerminateOptions) {
  const action = "terminate a process";
  const all = { ...DEFAULTS, ...defaults };
  const { killSignal, graceMs, statusMs, signal } = readOptions(action, options, all);
  const number = killSignalNumber(action, killSignal);
  checkGrace(action, graceMs);
  checkInteger(action, "statusMs", statusMs, 0);
  checkAbortSignal(action, signal);
  signal?.throwIfAborted();
  return { number, graceMs, statusMs, signal };
}

/** Asks, waits, forces, waits. */
export async function terminate(
  handle: Handle,
  options: TerminateOptions,
  defaults: TerminateOptions = {},
): Promise<Termination> {
  const { number, graceMs, statusMs, signal } = checkTerminateOptions(options, defaults);
  const start = now();
  sendPolitely(handle, number);
  const forced = !(await endsWithin(handle, graceMs, signal)) && sendKill(handle);
  if (forced && handle.isAlive()) await untilExited(handle, undefined, signal);
  const durationMs = now() - start;
  return { status: await finalStatus(handle, statusMs, signal), forced, durationMs };
}

async function endsWithin(
  handle: Handle,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  if (!handle.isAlive()) return true;
  const limitMs = timeoutMs === Infinity ? undefined : timeoutMs;
  const end = await unlessTimeIsUp(untilExited(handle, limitMs, signal), signal);
  return end !== null || !handle.isAlive();
}
