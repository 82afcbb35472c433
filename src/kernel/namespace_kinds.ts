/**
 * The kinds of namespaces, by their names and by the kernel's numbers.
 *
 * @module
 */

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
 * All kinds, in the order of the native library's record (zig/src/proc/description.zig), which is that of the kernel's numbers
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
