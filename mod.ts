/**
 * Race-free handles of Linux processes, for Deno, Bun and Node.
 *
 * A pid is a number that the kernel gives to somebody else once its process has gone, so every
 * `process.kill(pid)` is a bet. A pidfd is a file descriptor that names one process for good: what
 * is done through it happens to that process or to nobody.
 *
 * Linux 5.3 and later; importing works everywhere, and `Pidfd.supported` says whether it can be
 * used. Deno needs `--allow-ffi` and nothing else; to start a program, as the example does, takes
 * `--allow-env` and `--allow-run` too.
 *
 * @example Open, look, signal, learn how it ended
 * ```ts
 * import { spawn } from "node:child_process";
 * import { Pidfd } from "@x/pidfd";
 *
 * const handle = Pidfd.of(spawn("sleep", ["1000"]));
 * console.log(handle.isAlive()); // true
 * console.log(handle.signal("SIGTERM")); // true: it was sent to that very process
 * console.log(handle.waitSync()?.signal); // "SIGTERM"
 * console.log(handle.signal("SIGTERM")); // false: it has ended, and nobody else was hit
 * handle.close();
 * ```
 *
 * @module
 */
export { Pidfd } from "./src/pidfd.ts";
export type { WaitLimits, WaitOptions } from "./src/process/wait.ts";
export type { ProcessState } from "./src/process/state.ts";
export { waitForMessage } from "./src/message/wait_for_message.ts";
export { closeFd } from "./src/process/descriptors.ts";
export type { MemoryAdvice, MemoryRange } from "./src/process/memory.ts";
export {
  type OutgoingMessage,
  passSender,
  type ReceivedMessage,
  receiveMessage,
  sendMessage,
} from "./src/message/message.ts";
export type { OpenOptions } from "./src/process/open.ts";
export type { SignalOptions, SignalScope } from "./src/process/signal.ts";
export {
  passCredentials,
  peerCredentials,
  type SocketCredentials,
} from "./src/message/credentials.ts";
export { socketFd, type SocketKind, socketPair } from "./src/message/socket.ts";
export type { TerminateOptions, Termination } from "./src/process/terminate.ts";
export type { ChildLike } from "./ffi/child.ts";
export type { ProcessInfo } from "./src/process/info.ts";
export type { CoreDump, Credentials } from "./src/kernel/pidfd_info.ts";
export type { NamespaceKind } from "./src/kernel/namespace_kinds.ts";
export { formatIdentity, parseIdentity, type ProcessIdentity } from "./src/identity/identity.ts";
export { type FileLock, lockFile, type LockOptions } from "./src/identity/lock_file.ts";
export { type DetailOptions, type ProcessEntry, processes } from "./src/proc/processes.ts";
export { findOrphans, type Orphan, type OrphanPredicate, Orphans } from "./src/orphans/orphans.ts";
export type { OrphanMark } from "./src/orphans/mark.ts";
export { exitWithParent, type ExitWithParentOptions } from "./src/parent/exit_with_parent.ts";
export { adoptOrphans, type AdoptOrphansOptions } from "./src/tree/subreaper.ts";
export type { OnOrphan, ReapedOrphan } from "./src/orphans/reaper.ts";
export { ProcessTree, type SignalTreeOptions } from "./src/process_tree.ts";
export type { TreeMember, TreeRelation } from "./src/tree/member.ts";
export type { TreeOptions } from "./src/tree/root.ts";
export {
  killTree,
  type KillTreeOptions,
  type KillTreePromise,
  type TerminateTreeOptions,
} from "./src/kill/kill_tree.ts";
export type { TreeEnd, TreeEscape, TreeOrphan, TreeReport } from "./src/kill/report.ts";
export { Child } from "./src/spawn/child.ts";
export { SpawnFailedError, type SpawnFailedErrorOptions } from "./src/spawn/failed.ts";
export type { ChildTermination, Containment } from "./src/spawn/guard.ts";
export type { ResourceLimit } from "./src/spawn/limits.ts";
export type { ContainmentKind, Lifetime, SpawnOptions } from "./src/spawn/options.ts";
export type { ChildOutput, OutputOptions } from "./src/spawn/output.ts";
export { spawn } from "./src/spawn/spawn.ts";
export type { Stdio } from "./src/spawn/stdio.ts";
export type { ChildDuplex, ChildReadable, ChildWritable } from "./src/spawn/streams.ts";
export type {
  ExitedStatus,
  ExitStatus,
  KilledStatus,
  KnownStatus,
  UnknownStatus,
} from "./src/kernel/exit.ts";
export { exitCodeOf } from "./src/kernel/exit_code.ts";
export type { ProcessUsage, ResourceUsage } from "./src/kernel/usage.ts";
export type { RealTimeSignal, Signal, SignalName, StandardSignal } from "./src/kernel/signals.ts";
export {
  PidfdError,
  type PidfdErrorOptions,
  PidfdOpenFailedError,
  PidfdSignalFailedError,
} from "./src/kernel/errors.ts";
export { type Feature, type Features, features } from "./src/features/features.ts";
export {
  overrideSyscallNumbers,
  type SyscallNumbers,
  syscallNumbers,
} from "./src/features/numbers.ts";
export { loadLibrary } from "./src/kernel/native.ts";
