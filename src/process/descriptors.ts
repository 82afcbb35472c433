/**
 * Takes descriptors out of another process, and closes those that are the caller's.
 *
 * @module
 */
import { isOwned } from "../handle/descriptor.ts";
import type { Handle } from "../handle/handle.ts";
import { checkFd } from "../kernel/arguments.ts";
import { EBADF, ESRCH } from "../kernel/constants.ts";
import { check, failure } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { isWatchers } from "../watch/watcher.ts";

/** A duplicate of a descriptor that the process has open; the caller's from then on. */
export function duplicateFrom(handle: Handle, fd: number): number {
  checkFd("duplicate a descriptor", fd);
  const result = native().get_fd(handle.fd, fd);
  const problem = { syscall: "pidfd_getfd", pid: handle.knownPid };
  // Before Linux 6.9 the kernel says EBADF for a process whose descriptors are closed already because it ends.
  if (result === EBADF && !handle.isAlive()) throw failure({ ...problem, errno: ESRCH });
  return check(result, problem.syscall, problem.pid);
}

/**
 * Closes a descriptor that this module gave you: from {@linkcode Pidfd.getFd}, {@linkcode Pidfd.namespace},
 * {@linkcode Pidfd.detach}, {@linkcode receiveMessage} or {@linkcode socketPair}. It is the same on every runtime: Node's and
 * Bun's `fs.closeSync` would close it too, Deno's refuses what Deno has not opened itself.
 *
 * Once it is closed the number is free, and the next file that anybody opens gets it: forget it.
 *
 * @param fd An integer from 0 to 2147483647.
 * @throws {TypeError} If `fd` is no number, or belongs to a {@linkcode Pidfd}, which closes it itself, or to what watches the
 * processes that are waited for.
 * @throws {RangeError} If `fd` is outside that range.
 * @throws {PidfdError} `EBADF` if it is not open.
 *
 * @example Give back what was given
 * ```ts
 * import { closeDescriptor, Pidfd } from "@x/pidfd";
 *
 * const fd = Pidfd.self().detach();
 * closeDescriptor(fd);
 * ```
 */
export function closeDescriptor(fd: number): void {
  const action = "close a descriptor";
  checkFd(action, fd);
  if (isOwned(fd)) throw new TypeError(`Cannot ${action}: a Pidfd owns it, close that: ${fd}`);
  if (isWatchers(fd)) {
    throw new TypeError(`Cannot ${action}: the waits of this thread need it: ${fd}`);
  }
  check(native().close(fd), "close");
}
