/**
 * The kinds of namespaces, by their names and by the kernel's numbers.
 *
 * @module
 */
import { NAMESPACE_KINDS as GENERATED } from "../../ffi/symbols.ts";

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

/** All kinds, in the order of the kernel's numbers from 1 on. */
export const NAMESPACE_KINDS: readonly NamespaceKind[] = GENERATED;

/** The kernel's number of a kind, the last digits of its ioctl. */
export function namespaceNumber(kind: NamespaceKind): number {
  return NAMESPACE_KINDS.indexOf(kind) + 1;
}
