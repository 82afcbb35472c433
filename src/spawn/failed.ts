/**
 * The error of a process that could not be started, and the call that failed.
 *
 * @module
 */
import { SPAWN_STEPS } from "../../ffi/symbols.ts";
import { PidfdError, type PidfdErrorOptions } from "../kernel/errors.ts";

/** What a {@linkcode SpawnFailedError} is made from. */
export interface SpawnFailedErrorOptions extends PidfdErrorOptions {
  /** The file that the failed call was about. */
  path?: string | undefined;
}

/**
 * A process could not be started. `syscall` is the step that failed: "execve" for the program,
 * "chdir" for its working directory, "dup3" for a file descriptor, "clone" for the process itself.
 * `path` is the file that the step was about, where it was about one.
 *
 * @example Tell a missing program from a missing directory
 * ```ts
 * import { spawn, SpawnFailedError } from "@x/pidfd";
 *
 * try {
 *   spawn("true", [], { cwd: "/no/such/directory" });
 * } catch (error) {
 *   if (!(error instanceof SpawnFailedError)) throw error;
 *   console.log(error.code, error.syscall, error.path); // ENOENT chdir /no/such/directory
 * }
 * ```
 */
export class SpawnFailedError extends PidfdError {
  /** The name of the class. */
  override name = "SpawnFailedError";
  /** The file that the failed step was about, where it was about one. */
  declare readonly path?: string;

  /** Makes an error whose message names the step, the code and the file. */
  constructor(options: SpawnFailedErrorOptions) {
    super(options);
    const { path } = options;
    if (path === undefined) return;
    this.message += `: ${JSON.stringify(path)}`;
    this.path = path;
  }
}

/** The name of a step by its number: the call that it is. */
export const stepName = (index: number): string => SPAWN_STEPS[index] ?? "recvmsg";

/** What a failure of a step means, where the errno alone does not say it. */
const REASONS: Readonly<Record<string, string>> = {
  "execve ENOENT": "no such program, or its interpreter is missing",
  "execve EACCES":
    "not permitted to run the program, or to search a folder of PATH, or it is no regular file",
  "execve ENOEXEC": "the file is no program that this kernel runs, and starts with no #! line",
  "execve E2BIG": "the arguments and the environment are too large (ARG_MAX)",
  "execve ETXTBSY": "the program is open for writing",
  "execve ENOTDIR": "a part of the path is no directory",
  "execve ELOOP": "too many symbolic links",
  "chdir ENOENT": "no such working directory",
  "chdir ENOTDIR": "the working directory is no directory",
  "chdir EACCES": "not permitted to enter the working directory",
  "clone EPERM": "not permitted to make the process, or its pid namespace (user_namespaces(7))",
  "clone ENOSPC": "too many namespaces (user.max_pid_namespaces and the like, namespaces(7))",
  "clone EAGAIN": "too many processes (RLIMIT_NPROC, pids.max or kernel.pid_max)",
  "cgroup ENOENT": "no such cgroup, or none that cgroup.kill ends (Linux 5.14)",
  "cgroup EACCES":
    "this user may not make the cgroup, or not move a process into it (cgroup.procs)",
  "cgroup EBADF": "not the folder of a cgroup of version 2",
  "cgroup EBUSY": "the cgroup has children with controllers, and takes no processes itself",
  "dup3 EBADF": "the number is above the limit of open files (RLIMIT_NOFILE)",
  "fcntl EBADF": "a file descriptor that the child is to have is not open",
  "prlimit EPERM": "not permitted to raise a hard limit",
  "memfd_create EACCES":
    "the guard, or changing the user, needs an executable memory file (vm.memfd_noexec)",
  "execveat EACCES": "the guard, a program in memory, may not be executed",
  "execveat ESRCH": "somebody killed the guard while it started the program",
  "openat EREMOTE": "the guard needs the /proc of its own pid namespace",
  "openat ENOENT": "the guard needs /proc",
  "mount EPERM": "a pid namespace needs a /proc of its own, which is not permitted here",
  "mount EINVAL": "a pid namespace needs a /proc of its own, and the root is no mount (chroot(2))",
  "mount EACCES": "a pid namespace needs a /proc of its own, which is not permitted here",
  "uid_map EPERM": "this user is not permitted to take itself into a user namespace",
  "setgroups EPERM": "not permitted to change the groups",
  "setresgid EPERM": "not permitted to become this group",
  "setresuid EPERM": "not permitted to become this user",
};

/** What a failed step means; undefined where the errno says it. */
export const reasonFor = (step: string, code: string): string | undefined =>
  REASONS[`${step} ${code}`];
