/**
 * The namespaces that a process lives in: their kinds, and descriptors of them.
 *
 * @module
 */
import { ERRNO_NAMES } from "../ffi/symbols.ts";
import { show } from "./arguments.ts";
import { failure } from "./errors.ts";
import type { Handle } from "./handle.ts";
import { native } from "./native.ts";

/** A kind of namespace, by the name of its file in /proc/PID/ns. */
export type NamespaceKind =
  | "cgroup"
  | "ipc"
  | "mnt"
  | "net"
  | "pid"
  | "pid_for_children"
  | "time"
  | "time_for_children"
  | "user"
  | "uts";

/**
 * All kinds, in the order of the native library's record (zig/proc_description.zig), which is that of the kernel's numbers
 * from PIDFD_GET_CGROUP_NAMESPACE, 1, to PIDFD_GET_UTS_NAMESPACE, 10.
 */
export const NAMESPACE_KINDS: readonly NamespaceKind[] = [
  "cgroup",
  "ipc",
  "mnt",
  "net",
  "pid",
  "pid_for_children",
  "time",
  "time_for_children",
  "user",
  "uts",
];

/** The kernel's number of a kind, the last digits of its ioctl. */
export function namespaceNumber(kind: NamespaceKind): number {
  return NAMESPACE_KINDS.indexOf(kind) + 1;
}

const REASONS: Readonly<Record<string, string>> = {
  ESRCH: "the process has ended",
  EACCES: "not permitted to look into this process (PTRACE_MODE_READ, ptrace(2))",
  EOPNOTSUPP: "this kernel has no namespaces of this kind",
  ENOTTY: "descriptors of namespaces need Linux 6.11",
};

/** A descriptor of one of its namespaces; the caller's from then on. */
export function namespaceOf(handle: Handle, kind: NamespaceKind): number {
  if (!NAMESPACE_KINDS.includes(kind)) {
    const wanted = NAMESPACE_KINDS.map(show).join(", ");
    const action = "open a namespace";
    throw new TypeError(`Cannot ${action}: "kind" must be one of ${wanted}: ${show(kind)}`);
  }
  const result = native().namespace(handle.fd, namespaceNumber(kind));
  if (result >= 0) return result;
  const code = ERRNO_NAMES[-result];
  const pid = handle.knownPid;
  throw failure({ errno: result, syscall: "ioctl", pid, reason: REASONS[code] });
}
