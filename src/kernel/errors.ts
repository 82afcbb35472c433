/**
 * The errors of failed system calls, in the shape that Node's have.
 *
 * @module
 */
import { ERRNO_NAMES } from "../../ffi/symbols.ts";

/** What a {@linkcode PidfdError} is made from. */
export interface PidfdErrorOptions {
  /** The errno, negated: -3 for ESRCH. */
  errno: number;
  /** The system call that failed. */
  syscall: string;
  /** The process that was meant, where one was. */
  pid?: number | undefined;
  /** What went wrong, in words; derived from the errno and the call when it is left out. */
  reason?: string | undefined;
  /** The error behind this one. */
  cause?: unknown;
}

/**
 * A system call failed. `code`, `errno`, `syscall` and `pid` are those of Node's own system errors,
 * the same on Deno, Bun and Node.
 *
 * @example Tell a process that is gone from one that may not be signalled
 * ```ts
 * import { Pidfd, PidfdError } from "@x/pidfd";
 *
 * try {
 *   Pidfd.open(2 ** 31 - 1);
 * } catch (error) {
 *   if (!(error instanceof PidfdError) || error.code !== "ESRCH") throw error;
 * }
 * ```
 */
export class PidfdError extends Error {
  /** The name of the class. */
  override name = "PidfdError";
  /** The errno's name, such as "ESRCH". */
  readonly code: string;
  /** The errno, negated as in Node's errors: -3 for ESRCH. */
  readonly errno: number;
  /** The system call that failed, by the name of its manual page. */
  readonly syscall: string;
  /** The pid of the process that was meant, where one was. */
  declare readonly pid?: number;

  /** Makes an error whose message names the call, the code and the reason. */
  constructor(options: PidfdErrorOptions) {
    const { errno, syscall, pid } = options;
    const code = codeOf(errno);
    const reason = options.reason ?? explain(syscall, code);
    const subject = pid === undefined ? "" : `, pid ${pid}`;
    // An error that was given an option `cause` is shown with it, even where it is undefined.
    const behind = options.cause === undefined ? undefined : { cause: options.cause };
    super(`${syscall} ${code}: ${reason}${subject}`, behind);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    if (pid !== undefined) this.pid = pid;
  }
}

/** A process could not be opened. */
export class PidfdOpenFailedError extends PidfdError {
  /** The name of the class. */
  override name = "PidfdOpenFailedError";
}

/** A signal could not be sent. */
export class PidfdSignalFailedError extends PidfdError {
  /** The name of the class. */
  override name = "PidfdSignalFailedError";
}

/** Reasons that hold for one call. */
const reasonsOfCalls = (): Readonly<Record<string, string>> => ({
  "pidfd_open ESRCH": "no such process",
  "pidfd_open ENOENT": "this is the id of a thread, not of a process",
  "pidfd_open EPERM": "a seccomp profile forbids the call",
  "pidfd_open EACCES": "a seccomp profile forbids the call",
  "pidfd_getfd EPERM":
    "not permitted to take a descriptor of this process (PTRACE_MODE_ATTACH, ptrace(2)), or a seccomp profile forbids it",
  "pidfd_getfd EBADF": "the process has no such descriptor open",
  "pidfd_getfd ESRCH": "the process has ended",
  "process_madvise EACCES": "not permitted to look into this process (PTRACE_MODE_READ, ptrace(2))",
  "process_madvise EPERM": "advice to another process needs CAP_SYS_NICE",
  "process_madvise ENOMEM": "the process has no memory at these addresses",
  "process_madvise EINVAL":
    "the range begins inside a page, or this advice can't be given about it",
  "process_madvise ESRCH": "the process has ended",
  "process_mrelease EINVAL": "the process is not being killed: send it SIGKILL first",
  "process_mrelease EAGAIN": "not all of its memory could be taken now: try again",
  "getsockopt ENODATA": "this socket has no peer: it is no Unix socket, or is not connected",
  "getsockopt ENOPROTOOPT": "handles of a socket's peer need Linux 6.5",
  "getsockopt ESRCH": "the peer has ended and was reaped",
  "setsockopt ENOPROTOOPT": "handles of a message's sender need Linux 6.5",
  "recvmsg ESRCH": "the sender has ended and was reaped",
  "recvmsg EINVAL": "the socket is not connected",
  "recvmsg ECONNRESET": "the other end was closed before it had received all",
  "sendmsg ECONNRESET": "the other end was closed before it had received all",
  "sendmsg EBADF": "one of the descriptors is not open",
  "sendmsg ETOOMANYREFS": "too many descriptors are on their way (RLIMIT_NOFILE)",
  "pidfd_send_signal EPERM": "not permitted to signal this process",
  "pidfd_send_signal EREMOTE": "the process is in a pid namespace that can't be seen from here",
  "pidfd_send_signal EAGAIN": "the queue of signals is full (RLIMIT_SIGPENDING)",
  "epoll_ctl ENOSPC": "this user waits for as much as it may (/proc/sys/fs/epoll/max_user_watches)",
  "open ENOENT": "there is no such file or folder",
  "open EACCES": "not permitted to open the file",
  "open EISDIR": "this is a folder",
  "waitid ECHILD": "not a child of this process, or reaped by somebody else",
});

/** Reasons that hold wherever the errno comes from. */
const reasons = (): Readonly<Record<string, string>> => ({
  EBADF: "the descriptor is not open, or is of another kind",
  EINVAL: "the kernel doesn't take these arguments",
  EMFILE: "this process has as many descriptors open as it may (RLIMIT_NOFILE)",
  ENOTSOCK: "the descriptor is no socket",
  ENOTCONN: "the socket is not connected",
  EPIPE: "nobody is at the other end",
  ECONNREFUSED: "nobody is at the other end of the socket",
  ENFILE: "the system has as many files open as it may",
  ENOMEM: "the kernel is out of memory",
  ENOSYS: "this kernel is too old for the call, or a seccomp profile hides it",
  EREMOTE: "the process is in a pid namespace that can't be seen from here",
  ESRCH: "the process has ended and was reaped",
});

let names: ReturnType<typeof ERRNO_NAMES> | undefined;

/** The name of a negated errno: "ESRCH"; undefined where it has none. */
export function errnoName(errno: number): string | undefined {
  names ??= ERRNO_NAMES();
  return names[-errno];
}

function codeOf(errno: number): string {
  return errnoName(errno) ?? `E${-errno}`;
}

function explain(syscall: string, code: string): string {
  return reasonsOfCalls()[`${syscall} ${code}`] ?? reasons()[code] ?? "the system call failed";
}

type ErrorClass = new (options: PidfdErrorOptions) => PidfdError;

/** The calls whose failure has a class of its own. */
const CLASSES: Readonly<Record<string, ErrorClass>> = {
  pidfd_open: PidfdOpenFailedError,
  pidfd_send_signal: PidfdSignalFailedError,
};

/** The error of a failed call, of the class that the call has. */
export function failure(options: PidfdErrorOptions): PidfdError {
  return new (CLASSES[options.syscall] ?? PidfdError)(options);
}

/** `result`, unless it is below zero, which is a negated errno: then it throws. */
export function check(result: number, syscall: string, pid?: number): number {
  if (result >= 0) return result;
  throw failure({ errno: result, syscall, pid });
}

/** The same of a call on a file, which the error names. */
export function checkFile(result: number, syscall: string, path: string): number {
  if (result >= 0) return result;
  const reason = `${explain(syscall, codeOf(result))}: ${JSON.stringify(path)}`;
  throw failure({ errno: result, syscall, reason });
}

/**
 * Whether an error says that there is no process of this number. The kernel calls it ESRCH where
 * nobody has the number, and ENOENT where it is a thread's. Any other call's ENOENT is another
 * thing: /proc is not mounted, or a file is missing.
 */
export function isNoSuchProcess(error: unknown): boolean {
  if (!(error instanceof PidfdError)) return false;
  return error.code === "ESRCH" || (error.code === "ENOENT" && error.syscall === "pidfd_open");
}

/** The time is up: as `AbortSignal.timeout` has it. */
export function timeoutError(reason: string): DOMException {
  return new DOMException(reason, "TimeoutError");
}
