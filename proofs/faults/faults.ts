/**
 * Which calls fail, and how: each errno that its manual page has for want of something, and what
 * may come between.
 */

/** Calls of the main thread, or of another one: the watcher's. */
export type Way = "fail-once" | "fail-aside";

const EINTR = 4;
const EAGAIN = 11;
const ENOMEM = 12;
const ENFILE = 23;
const EMFILE = 24;
const ENOSPC = 28;
const ENOBUFS = 105;

/** The names of what has a number here. */
export const ERRNOS: Readonly<Record<number, string>> = {
  [EINTR]: "EINTR",
  [EAGAIN]: "EAGAIN",
  [ENOMEM]: "ENOMEM",
  [ENFILE]: "ENFILE",
  [EMFILE]: "EMFILE",
  [ENOSPC]: "ENOSPC",
  [ENOBUFS]: "ENOBUFS",
};

const FULL = [EMFILE, ENFILE, ENOMEM];

const MAIN: Readonly<Record<string, readonly number[]>> = {
  ppoll: [EINTR, ENOMEM],
  pidfd_open: [...FULL, EINTR],
  pidfd_send_signal: [EINTR, ENOMEM, EAGAIN],
  pidfd_getfd: [...FULL, EINTR],
  waitid: [EINTR, ENOMEM],
  ioctl: [EINTR, ENOMEM],
  fcntl: [EMFILE, EINTR],
  fstatfs: [EINTR, ENOMEM],
  openat: [...FULL, EINTR],
  getdents64: [EINTR, ENOMEM],
  socketpair: [...FULL, EINTR],
  getsockopt: [...FULL, EINTR],
  setsockopt: [EINTR, ENOMEM],
  sendmsg: [EINTR, ENOMEM, ENOBUFS],
  recvmsg: [EINTR, ENOMEM],
  epoll_ctl: [ENOMEM, ENOSPC, EINTR],
  open_by_handle_at: [...FULL, EINTR],
  flock: [EINTR, ENOMEM],
  rename: [EINTR, ENOMEM, ENOSPC],
  clone: [EAGAIN, ENOMEM],
};

const ASIDE: Readonly<Record<string, readonly number[]>> = {
  sendto: [EINTR, EAGAIN, ENOMEM, ENOBUFS],
  epoll_pwait: [EINTR, ENOMEM],
  waitid: [EINTR, ENOMEM],
};

/** One program's fault. */
export interface Fault {
  readonly way: Way;
  readonly call: string;
  readonly errno: number;
}

/** All of them, in the order of the table. */
export const FAULTS: readonly Fault[] = [
  ...faultsOf("fail-once", MAIN),
  ...faultsOf("fail-aside", ASIDE),
];

function faultsOf(way: Way, calls: Readonly<Record<string, readonly number[]>>): Fault[] {
  return Object.entries(calls).flatMap(([call, errnos]) =>
    errnos.map((errno) => ({ way, call, errno }))
  );
}
