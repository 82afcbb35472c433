/**
 * Everything that is told about a process at once.
 *
 * @module
 */
import type { Handle } from "../handle/handle.ts";
import { readClocks, readPageSize, TICK_NS } from "../kernel/boot.ts";
import { PF_KTHREAD } from "../kernel/constants.ts";
import type { ExitStatus } from "../kernel/exit.ts";
import { NAMESPACE_KINDS, type NamespaceKind } from "../kernel/namespace_kinds.ts";
import { native } from "../kernel/native.ts";
import { type ProcessUsage, usageUntilNow } from "../kernel/usage.ts";
import {
  askKernel,
  type CoreDump,
  type Credentials,
  type KernelInfo,
} from "../kernel/pidfd_info.ts";
import {
  CGROUP,
  describe,
  type Description,
  EXECUTABLE,
  IDS,
  NAMESPACES,
  OWN_PIDS,
  STAT,
} from "../proc/description.ts";
import { commandLineOf } from "../proc/command_line.ts";
import { checkDetails, type DetailOptions } from "../proc/processes.ts";
import { type ProcessState, stateOf } from "./state.ts";
import { statusOf } from "./status.ts";

/** What is told about a process. What can't be told is absent, never zero or empty. */
export interface ProcessInfo {
  /** Where it is on its way out. Always told. */
  readonly state: ProcessState;
  /** Its number in our pid namespace; absent once it was reaped, and where it can't be seen from here. */
  readonly pid?: number;
  /** Its thread group: the same number, unless the handle is one of a thread. */
  readonly tgid?: number;
  /** Its parent; absent where it has none, or none that can be seen from here. */
  readonly ppid?: number;
  /**
   * Its users and groups at present, which a set-user-ID program changes. They say nothing of when it connected or sent
   * something: {@linkcode peerCredentials} and {@linkcode ReceivedMessage.credentials} do.
   */
  readonly credentials?: Credentials;
  /**
   * The id of its cgroup (of the v2 hierarchy): the inode number of the cgroup's folder, as a text, because it has 64
   * bits. Linux 6.13.
   */
  readonly cgroupId?: string;
  /** The path of that cgroup, seen from our own cgroup namespace; " (deleted)" stands behind one that was removed. */
  readonly cgroupPath?: string;
  /** When it was started, in hundredths of a second since boot. Exact, and the same whenever it is asked. */
  readonly startTicks?: number;
  /** The same moment by today's clock, to a hundredth of a second: where the clock was set since, it has moved along. */
  readonly startTime?: Date;
  /** Its name: up to 15 bytes, which it can change. */
  readonly name?: string;
  /** The path of its program; " (deleted)" stands behind one that was removed. Only for who may trace the process. */
  readonly executable?: string;
  /** Whether it is a thread of the kernel, which has no program. */
  readonly isKernelThread?: boolean;
  /**
   * Its program and arguments (argv), with `commandLine`. A program can overwrite them. A thread of the kernel and a
   * zombie have none. Bytes that are no UTF-8 become U+FFFD.
   */
  readonly commandLine?: readonly string[];
  /** What it has used until now, with `usage`. */
  readonly usage?: ProcessUsage;
  /** How many threads it has. */
  readonly threads?: number;
  /** The inode numbers of its namespaces. Only for who may trace the process; of a zombie those of pids and users. */
  readonly namespaces?: Readonly<Partial<Record<NamespaceKind, number>>>;
  /** How it ended, as {@linkcode Pidfd.status} tells. */
  readonly exit?: ExitStatus;
  /** What became of its core dump; while it runs, who may read one. */
  readonly coreDump?: CoreDump;
}

/** What the kernel and /proc tell, in this order. */
export function infoOf(handle: Handle, options: DetailOptions = {}): ProcessInfo {
  const details = checkDetails("tell about a process", options);
  const { supportedMask: _, cgroupId, ...kernel } = askKernel(handle.fd);
  const described = fromProc(handle, kernel, details);
  // Asked last: who is found to have ended here may not have ended before.
  const exit = statusOf(handle);
  return {
    state: stateOf(handle),
    ...described,
    ...kernel,
    ...(cgroupId === undefined ? {} : { cgroupId: String(cgroupId) }),
    ...(exit?.known ? { exit } : {}),
  };
}

function fromProc(
  handle: Handle,
  kernel: KernelInfo,
  details: Required<DetailOptions>,
): Partial<ProcessInfo> {
  const ids = kernel.credentials === undefined ? IDS : 0;
  const wanted = STAT | ids | CGROUP | EXECUTABLE | NAMESPACES;
  const description = describe(handle, wanted);
  const pid = native().pid_of(handle.fd);
  const { found, record } = description;
  const isTold = (bit: number) => found > 0 && (found & bit) !== 0;
  return {
    ...(pid > 0 ? { pid } : {}),
    ...(isTold(STAT) ? fromStat(description) : {}),
    ...(isTold(STAT) && details.usage ? { usage: usageUntilNow(record, readPageSize()) } : {}),
    ...(isTold(IDS) ? fromStatus(description) : {}),
    ...(isTold(CGROUP)
      ? { cgroupPath: record.text("cgroup", record.number("cgroup_length")) }
      : {}),
    ...(isTold(EXECUTABLE)
      ? { executable: record.text("executable", record.number("executable_length")) }
      : {}),
    ...(isTold(NAMESPACES) ? fromNamespaces(description) : {}),
    ...(details.commandLine ? withCommandLine(handle) : {}),
  };
}

function fromStat({ found, record }: Description): Partial<ProcessInfo> {
  const startTicks = Number(record.bigint("start_ticks"));
  const startedAt = readClocks().bootedAt + BigInt(startTicks) * TICK_NS;
  const ppid = found & OWN_PIDS ? record.number("ppid") : 0;
  const threads = record.number("threads");
  return {
    ...(ppid > 0 ? { ppid } : {}),
    startTicks,
    startTime: new Date(Number(startedAt / 1_000_000n)),
    name: record.text("name", record.number("name_length")),
    isKernelThread: (record.number("flags") & PF_KTHREAD) !== 0,
    ...(threads > 0 ? { threads } : {}),
  };
}

function fromStatus({ found, record }: Description): Partial<ProcessInfo> {
  const [ruid, euid, suid, fsuid, rgid, egid, sgid, fsgid] = record.numbers("ids", 8);
  const credentials = { ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid };
  return found & OWN_PIDS ? { tgid: record.number("tgid"), credentials } : { credentials };
}

function withCommandLine(handle: Handle): Partial<ProcessInfo> {
  const commandLine = commandLineOf(handle);
  return commandLine ? { commandLine } : {};
}

function fromNamespaces({ record }: Description): Partial<ProcessInfo> {
  const inodes = record.numbers("namespaces", NAMESPACE_KINDS.length);
  const told = NAMESPACE_KINDS.map((kind, index) => [kind, inodes[index]] as const)
    .filter(([, inode]) => inode !== 0);
  return told.length === 0 ? {} : { namespaces: Object.fromEntries(told) };
}
