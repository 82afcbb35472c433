/**
 * What the kernel tells by PIDFD_GET_INFO, with the right layout for each kernel.
 *
 * @module
 */
import {
  PIDFD_COREDUMP_ROOT,
  PIDFD_COREDUMP_SKIP,
  PIDFD_COREDUMP_USER,
  PIDFD_COREDUMPED,
  PIDFD_INFO_CGROUPID,
  PIDFD_INFO_COREDUMP,
  PIDFD_INFO_COREDUMP_CODE,
  PIDFD_INFO_COREDUMP_SIGNAL,
  PIDFD_INFO_CREDS,
  PIDFD_INFO_EXIT,
  PIDFD_INFO_PID,
  PIDFD_INFO_SUPPORTED_MASK,
} from "./constants.ts";
import { native } from "./native.ts";
import { IS_LITTLE_ENDIAN, NativeRecord } from "./record.ts";
import { type SignalName, signalName } from "./signals.ts";

/**
 * The eight ids that decide what a process may do, as seen from our own user namespace: 65534 is
 * one that has none there.
 */
export interface Credentials {
  /** The real user. */
  readonly ruid: number;
  /** The real group. */
  readonly rgid: number;
  /** The effective user. */
  readonly euid: number;
  /** The effective group. */
  readonly egid: number;
  /** The saved user. */
  readonly suid: number;
  /** The saved group. */
  readonly sgid: number;
  /** The user for access to files. */
  readonly fsuid: number;
  /** The group for access to files. */
  readonly fsgid: number;
}

/**
 * What the kernel noted about a core dump. Linux 6.16, and only where `core_pattern` is a program
 * or a socket.
 */
export interface CoreDump {
  /** Whether it did dump. */
  readonly dumped: boolean;
  /** Whether the dump was left out. */
  readonly skipped: boolean;
  /** Who may read a dump of this process: its user, or root alone. Absent where nobody could. */
  readonly owner?: "user" | "root";
  /** The signal that made it dump. Linux 6.19. */
  readonly signal?: SignalName;
  /** That signal's `si_code`, see sigaction(2). Linux 7.1. */
  readonly code?: number;
}

/** One answer; absent is what was not told. */
export interface KernelInfo {
  readonly pid?: number;
  readonly tgid?: number;
  readonly ppid?: number;
  readonly credentials?: Credentials;
  readonly cgroupId?: bigint;
  readonly coreDump?: CoreDump;
  /** The bits that this kernel knows. Linux 6.19. */
  readonly supportedMask?: bigint;
}

const ALL = PIDFD_INFO_PID | PIDFD_INFO_CREDS | PIDFD_INFO_CGROUPID | PIDFD_INFO_EXIT |
  PIDFD_INFO_COREDUMP | PIDFD_INFO_SUPPORTED_MASK | PIDFD_INFO_COREDUMP_SIGNAL |
  PIDFD_INFO_COREDUMP_CODE;

const record = new NativeRecord("PidfdInfo");

/**
 * Asks the kernel for all that it has; nothing before Linux 6.13, nor of a process in another pid
 * namespace.
 */
export function askKernel(fd: number): KernelInfo {
  record.bytes.fill(0);
  record.set("mask", ALL);
  return native().info(fd, record.bytes) < 0 ? {} : decodeInfo(record);
}

/** What a filled record says. */
export function decodeInfo(record: NativeRecord<"PidfdInfo">): KernelInfo {
  const mask = Number(record.bigint("mask"));
  return {
    ...(mask & PIDFD_INFO_PID ? pids(record) : {}),
    ...(mask & PIDFD_INFO_CREDS ? { credentials: credentials(record) } : {}),
    ...(mask & PIDFD_INFO_CGROUPID ? { cgroupId: record.bigint("cgroupid") } : {}),
    ...(mask & PIDFD_INFO_COREDUMP ? coreDump(record, mask) : {}),
    ...(mask & PIDFD_INFO_SUPPORTED_MASK ? { supportedMask: supportedMask(record) } : {}),
  };
}

function pids(record: NativeRecord<"PidfdInfo">) {
  const ppid = record.number("ppid");
  const own = { pid: record.number("pid"), tgid: record.number("tgid") };
  // A kernel thread has no parent, and a parent outside of our pid namespace has no number.
  return ppid === 0 ? own : { ...own, ppid };
}

function credentials(record: NativeRecord<"PidfdInfo">): Credentials {
  return {
    ruid: record.number("ruid"),
    rgid: record.number("rgid"),
    euid: record.number("euid"),
    egid: record.number("egid"),
    suid: record.number("suid"),
    sgid: record.number("sgid"),
    fsuid: record.number("fsuid"),
    fsgid: record.number("fsgid"),
  };
}

function coreDump(record: NativeRecord<"PidfdInfo">, mask: number): { coreDump?: CoreDump } {
  const flags = record.number("coredump_mask");
  // 6.18 answers an empty record too, for one that has dumped to a plain file.
  if (flags === 0) return {};
  const dumped = (flags & PIDFD_COREDUMPED) !== 0;
  const signal = mask & PIDFD_INFO_COREDUMP_SIGNAL ? record.number("coredump_signal") : 0;
  const hasCode = dumped && signal !== 0 && (mask & PIDFD_INFO_COREDUMP_CODE) !== 0;
  return {
    coreDump: {
      dumped,
      skipped: (flags & PIDFD_COREDUMP_SKIP) !== 0,
      ...(flags & PIDFD_COREDUMP_USER ? { owner: "user" } : {}),
      ...(flags & PIDFD_COREDUMP_ROOT ? { owner: "root" } : {}),
      ...(signal !== 0 ? { signal: signalName(signal) } : {}),
      ...(hasCode ? { code: record.number("coredump_code") | 0 } : {}),
    },
  };
}

/**
 * At 80 since Linux 7.1. In 6.19 and 7.0 it was at 72, where 7.1 has the si_code; the bytes at 80
 * were zero then.
 */
function supportedMask(record: NativeRecord<"PidfdInfo">): bigint {
  const mask = record.bigint("supported_mask");
  if (mask !== 0n) return mask;
  const old = record.tail("coredump_code");
  return new DataView(old.buffer, old.byteOffset).getBigUint64(0, IS_LITTLE_ENDIAN);
}
