/**
 * Descriptors of the namespaces that a process lives in.
 *
 * @module
 */
import type { Handle } from "../handle/handle.ts";
import { checkOneOf } from "../kernel/arguments.ts";
import { errnoName, failure } from "../kernel/errors.ts";
import { NAMESPACE_KINDS, type NamespaceKind, namespaceNumber } from "../kernel/namespace_kinds.ts";
import { native } from "../kernel/native.ts";

const REASONS: Readonly<Record<string, string>> = {
  ESRCH: "the process has ended",
  EACCES: "not permitted to look into this process (PTRACE_MODE_READ, ptrace(2))",
  EOPNOTSUPP: "this kernel has no namespaces of this kind",
  ENOTTY: "descriptors of namespaces need Linux 6.11",
};

/** A descriptor of one of its namespaces; the caller's from then on. */
export function namespaceOf(handle: Handle, kind: NamespaceKind): number {
  checkOneOf("open a namespace", "kind", kind, NAMESPACE_KINDS);
  const result = native().namespace(handle.fd, namespaceNumber(kind));
  if (result >= 0) return result;
  const code = errnoName(result) ?? "";
  const pid = handle.knownPid;
  throw failure({ errno: result, syscall: "ioctl", pid, reason: REASONS[code] });
}
