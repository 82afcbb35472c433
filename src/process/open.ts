/**
 * The ways to get a handle, each sure that its descriptor is a pidfd of the process that was meant.
 *
 * @module
 */
import { feature, opensPidfds } from "../features/features.ts";
import { type ChildLike, hasEnded } from "../../ffi/child.ts";
import { closeOwned, isOwned, makeSlot } from "../handle/descriptor.ts";
import { Handle } from "../handle/handle.ts";
import {
  checkBoolean,
  checkFd,
  checkInteger,
  checkPid,
  readOptions,
  show,
} from "../kernel/arguments.ts";
import {
  EINVAL,
  ENODATA,
  ENOSYS,
  ENOTTY,
  EREMOTE,
  ESRCH,
  F_GETFL,
  F_SETFD,
  FD_CLOEXEC,
  PIDFD_THREAD,
  SO_ACCEPTCONN,
} from "../kernel/constants.ts";
import { check, failure, type PidfdError, PidfdOpenFailedError } from "../kernel/errors.ts";
import { isOwnChild, isPidfd } from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";

/** What {@linkcode Pidfd.open} can open besides processes. */
export interface OpenOptions {
  /** Open the thread that has this id, instead of a process. Needs Linux 6.9. */
  readonly thread?: boolean | undefined;
}

/** Opens whoever has this pid now. */
export function openPid(pid: number): Handle {
  return new Handle(openDescriptor(pid), pid);
}

/** Opens the thread that has this id now. */
export function openThread(tid: number): Handle {
  const handle = new Handle(openDescriptor(tid, PIDFD_THREAD), tid);
  handle.isThread = true;
  return handle;
}

/** Whether a thread is meant. */
export function isThreadWanted(options: OpenOptions): boolean {
  const action = "open a process";
  const { thread } = readOptions(action, options, { thread: false });
  return checkBoolean(action, "thread", thread);
}

/** Opens the calling process. */
export function openSelf(): Handle {
  return openPid(native().own_pid());
}

/** Opens a runtime's child, and makes sure that it is a child of ours that nobody has reaped. */
export function openChild(child: ChildLike): Handle {
  const action = "open a child";
  if (typeof child !== "object" || child === null) {
    throw new TypeError(`Cannot ${action}: "child" must be a child process: ${show(child)}`);
  }
  if (child.pid === undefined) {
    throw new TypeError(`Cannot ${action}: it has no pid, because it was not started`);
  }
  const pid = checkPid(action, child.pid);
  if (hasEnded(child)) throw goneChild(pid);
  const fd = openDescriptor(pid);
  if (!isOwnChild(native(), fd)) {
    closeOwned(fd);
    throw goneChild(pid);
  }
  const handle = new Handle(fd, pid);
  handle.child = child;
  return handle;
}

/** Takes over a descriptor that is a pidfd. */
export function fromFd(fd: number): Handle {
  const action = "make a handle of a descriptor";
  checkFd(action, fd);
  if (isOwned(fd)) throw new TypeError(`Cannot ${action}: a handle owns it already: ${fd}`);
  const flags = check(native().fcntl(fd, F_GETFL, 0), "fcntl");
  const pid = isPidfd(native(), fd) ? native().pid_of(fd) : ENOTTY;
  if (pid === ENOTTY) throw new TypeError(`Cannot ${action}: it is not a pidfd: ${fd}`);
  // A process that is gone, or that lives in another pid namespace, has no number here but can be
  // held.
  if (pid !== ESRCH && pid !== EREMOTE) check(pid, "pidfd_getpid");
  check(native().fcntl(fd, F_SETFD, FD_CLOEXEC), "fcntl");
  const handle = new Handle(fd, pid);
  handle.isThread = (flags & PIDFD_THREAD) !== 0;
  return handle;
}

/** Opens the process at the other end of a Unix socket. */
export function openPeer(socketFd: number): Handle {
  checkInteger("open a socket's peer", "socketFd", socketFd, 0);
  // The kernel says of a socket that listens that its peer is whoever listens.
  const isListening = native().socket_option(socketFd, SO_ACCEPTCONN) === 1;
  const fd = isListening ? ENODATA : native().open_peer(socketFd, makeSlot());
  if (fd < 0) {
    // Before Linux 6.16 the kernel says EINVAL for a peer that was reaped; there is no other
    // argument to be wrong.
    const errno = fd === EINVAL ? ESRCH : fd;
    throw new PidfdOpenFailedError({ errno, syscall: "getsockopt" });
  }
  return new Handle(fd, native().pid_of(fd));
}

/** A descriptor of whoever has this pid now, or the error that says why there is none. */
export function openDescriptor(pid: number, flags = 0): number {
  const fd = native().open(pid, flags, makeSlot());
  if (fd >= 0) {
    if (opensPidfds(fd, pid)) return fd;
    throw failure({ errno: ENOSYS, syscall: "pidfd_open", pid });
  }
  if (fd === EINVAL && flags !== 0 && !feature("PIDFD_THREAD").available) {
    const reason = "handles of threads need Linux 6.9";
    throw failure({ errno: ENOSYS, syscall: "pidfd_open", pid, reason });
  }
  // The arguments were checked, so before Linux 6.16 this is a process that is being reaped just
  // now, or a thread.
  throw failure({ errno: fd === EINVAL ? ESRCH : fd, syscall: "pidfd_open", pid });
}

function goneChild(pid: number): PidfdError {
  const reason = "this is not a child of this process that is still to be reaped";
  return failure({ errno: ESRCH, syscall: "pidfd_open", pid, reason });
}
