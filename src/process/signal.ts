/**
 * Sends signals through a handle.
 *
 * @module
 */
import { feature } from "../features/features.ts";
import type { Handle } from "../handle/handle.ts";
import { checkInteger, checkOneOf, readOptions } from "../kernel/arguments.ts";
import { EINVAL, ENOSYS, EPERM, EREMOTE, ESRCH, SIGCONT, SIGKILL } from "../kernel/constants.ts";
import { failure, PidfdError } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import { isKernelThread } from "../proc/description.ts";

/** Whom a signal is for: one thread, a process, or the process group that it leads. */
export type SignalScope = "thread" | "process" | "process-group";

/** What {@linkcode Pidfd.signal} can do besides. */
export interface SignalOptions {
  /**
   * Whom it is for; what the handle names, if left out. "thread" is the process's first one unless
   * the handle names another (a first thread that has ended before the others takes signals too,
   * and nobody acts on them); "process-group" is the one that the process leads, which may outlive
   * it. Needs Linux 6.9.
   */
  readonly scope?: SignalScope | undefined;
  /**
   * An integer from -2147483648 to 2147483647 that goes with the signal, as sigqueue(3) sends it: a
   * handler finds it in `si_value`, with `si_code` SI_QUEUE and our pid and user. Of standard
   * signals only one of a kind can be pending, and the value of the next is lost; real-time signals
   * are queued.
   */
  readonly value?: number | undefined;
}

/** The kernel's PIDFD_SIGNAL_THREAD, _THREAD_GROUP and _PROCESS_GROUP. */
const FLAGS: Readonly<Record<SignalScope, number>> = {
  thread: 1,
  process: 2,
  "process-group": 4,
};

/**
 * Sends a signal, by its number, in one native call that looks first; false if the process has
 * ended.
 */
export function sendSignal(handle: Handle, number: number, options?: SignalOptions): boolean {
  const { flags, value } = options === undefined ? PLAIN : checkSignalOptions(options);
  const { fd } = handle;
  const result = value === undefined
    ? native().signal(fd, number, flags)
    : queue(fd, number, flags, value);
  if (result === 0) return true;
  return refused(handle, result, flags);
}

/**
 * Sends a signal and resumes the process: one that is stopped acts on no signal but SIGKILL. False
 * if it has ended.
 */
export function sendPolitely(handle: Handle, number: number): boolean {
  const isSent = sendSignal(handle, number);
  if (isSent && number !== SIGKILL) resume(handle);
  return isSent;
}

/** Sends SIGCONT; who refuses that is no failure of what it is sent for. */
export function resume(handle: Handle): void {
  try {
    sendSignal(handle, SIGCONT);
  } catch (error) {
    if (!(error instanceof PidfdError)) throw error;
  }
}

/**
 * Sends SIGKILL to end a process; false if it has ended. Whoever is the first of a pid namespace
 * (pid_namespaces(7)) gets none from inside it, and a thread of the kernel takes none, of which the
 * kernel says nothing: waiting for the end would take for ever.
 */
export function sendKill(handle: Handle): boolean {
  const reason = whyUnkillable(handle);
  if (reason === null) return sendSignal(handle, SIGKILL);
  throw failure({ errno: EPERM, syscall: "pidfd_send_signal", pid: handle.knownPid, reason });
}

function whyUnkillable(handle: Handle): string | null {
  if (handle.knownPid === 1) return "nobody in a pid namespace can kill its first process";
  return isKernelThread(handle) ? "nobody can kill a thread of the kernel" : null;
}

/** The options in numbers, each read once. */
interface Checked {
  readonly flags: number;
  readonly value: number | undefined;
}

const PLAIN: Checked = { flags: 0, value: undefined };

function checkSignalOptions(options: SignalOptions): Checked {
  const defaults = { scope: undefined, value: undefined };
  const { scope, value } = readOptions("signal", options, defaults);
  if (value !== undefined) checkInteger("signal", "value", value, -(2 ** 31));
  return { flags: flagsOf(scope), value };
}

function flagsOf(scope: unknown): number {
  if (scope === undefined) return 0;
  return FLAGS[checkOneOf("signal", "scope", scope, Object.keys(FLAGS) as SignalScope[])];
}

const queued = new NativeRecord("QueueRecord");

function queue(fd: number, number: number, flags: number, value: number): number {
  queued.set("number", number);
  queued.set("flags", flags);
  queued.set("value", value);
  return native().queue(fd, queued.bytes);
}

/** False where the process has ended, and else what the kernel meant. */
function refused(handle: Handle, result: number, flags: number): false {
  const problem = { syscall: "pidfd_send_signal", pid: handle.knownPid };
  if (result === ESRCH) {
    if (flags !== FLAGS["process-group"] || !handle.isAlive()) return false;
    throw failure({ ...problem, errno: ESRCH, reason: "the process leads no process group" });
  }
  // The kernel says EINVAL for a process that it can't see from here; the arguments were checked.
  if (result === EINVAL && native().pid_of(handle.fd) === EREMOTE) {
    throw failure({ ...problem, errno: EREMOTE });
  }
  if (result === EINVAL && flags !== 0 && !feature("PIDFD_SIGNAL_THREAD_GROUP").available) {
    throw failure({ ...problem, errno: ENOSYS, reason: "scopes of signals need Linux 6.9" });
  }
  throw failure({ ...problem, errno: result });
}
