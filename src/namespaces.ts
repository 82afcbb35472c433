/**
 * The kinds of namespaces that a process lives in.
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

/** All kinds, in the order of the native library's record (zig/proc_description.zig). */
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
