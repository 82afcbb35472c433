/**
 * What /proc tells of the process behind a handle. The native library pins it: what is read is that process's.
 *
 * @module
 */
import { DESCRIPTION_PARTS } from "../../ffi/symbols.ts";
import type { Handle } from "../handle/handle.ts";
import { EMFILE, ENFILE, ENOMEM, PF_KTHREAD } from "../kernel/constants.ts";
import { failure } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { askKernel } from "../kernel/pidfd_info.ts";
import { NativeRecord } from "../kernel/record.ts";

/**
 * What is asked for, and what was found, a bit each: the line of /proc/PID/stat; the users and
 * groups, and the thread group; the cgroup's path; the program's path; the namespaces. `OWN_PIDS`
 * is an answer: the pids are those of our own pid namespace.
 */
export const { STAT, IDS, CGROUP, EXECUTABLE, NAMESPACES, OWN_PIDS } = DESCRIPTION_PARTS;

/** What was found, or why nothing was. */
export interface Description {
  /** The bits of what was found; a negated errno where nothing can be told. */
  readonly found: number;
  readonly record: NativeRecord<"DescriptionRecord">;
}

const shared = new NativeRecord("DescriptionRecord");

/** Asks /proc. The record is good until the next call. A shortage of descriptors or memory throws. */
export function describe(
  handle: Pick<Handle, "fd" | "knownPid">,
  wanted: number,
): Description {
  const found = checkShortage(handle, native().describe(handle.fd, wanted, shared.bytes));
  return { found, record: shared };
}

/** `result`, unless descriptors or memory are short, which says nothing about the process: then it throws. */
export function checkShortage({ knownPid: pid }: Pick<Handle, "knownPid">, result: number): number {
  if (result !== EMFILE && result !== ENFILE && result !== ENOMEM) return result;
  throw failure({ errno: result, syscall: "open", pid });
}

/** The process's cgroup (version 2), byte for byte; "" where it has none, or is gone. */
export function cgroupOf(handle: Pick<Handle, "fd" | "knownPid">): string {
  const { found, record } = describe(handle, CGROUP);
  if (found < 0 || !(found & CGROUP)) return "";
  // A path may hold any bytes; for comparing, each is a character.
  return String.fromCharCode(...record.tail("cgroup").subarray(0, record.number("cgroup_length")));
}

/** Whether a handle names a thread other than the first one, as far as the kernel or /proc tells. */
export function isThread(handle: Pick<Handle, "fd" | "knownPid">): boolean {
  const { pid, tgid } = askKernel(handle.fd);
  if (pid !== undefined) return pid !== tgid;
  const { found, record } = describe(handle, STAT | IDS);
  const isTold = found > 0 && (found & IDS) !== 0 && (found & OWN_PIDS) !== 0;
  return isTold && record.number("tgid") !== handle.knownPid;
}

/** Who starts the kernel's threads. */
const KTHREADD = 2;

/** Whether a handle names a thread of the kernel, as far as /proc tells; without a free descriptor it does not. */
export function isKernelThread({ fd }: Pick<Handle, "fd">): boolean {
  // All but the first two are children of the second; from Linux 6.13 that is known at a twentieth of the cost.
  const { ppid } = askKernel(fd);
  if (ppid !== undefined && ppid !== KTHREADD) return false;
  const found = native().describe(fd, STAT, shared.bytes);
  return found > 0 && (found & STAT) !== 0 && (shared.number("flags") & PF_KTHREAD) !== 0;
}
