/** Which calls fail, and how. */

/** Calls of the main thread, or of another one: the watcher's. */
export type Way = "fail-once" | "fail-aside";

/** By name, as in errno(3); the numbers are those of every CPU but MIPS, SPARC and PA-RISC. */
const NUMBERS = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  ECHILD: 10,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  ENODEV: 19,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  ENOSPC: 28,
  EROFS: 30,
  EPIPE: 32,
  ENOLCK: 37,
  ENOSYS: 38,
  ELOOP: 40,
  ENOPROTOOPT: 92,
  EOPNOTSUPP: 95,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ENOTCONN: 107,
  ECONNREFUSED: 111,
  ESTALE: 116,
} as const;

type ErrnoName = keyof typeof NUMBERS;

/** The names of what has a number here. */
export const ERRNOS: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(NUMBERS).map(([name, number]) => [number, name]),
);

const FULL = "EMFILE ENFILE ENOMEM";

/** What the manual pages document, what a seccomp profile answers, and EINTR of every call. */
const MAIN: Readonly<Record<string, string>> = {
  poll: "EINTR ENOMEM EINVAL",
  ppoll: "EINTR ENOMEM EINVAL",
  pidfd_open: `${FULL} EINTR EINVAL ENODEV ESRCH EPERM ENOSYS`,
  pidfd_send_signal: "EINTR ENOMEM EAGAIN EBADF EINVAL EPERM ESRCH ENOSYS",
  pidfd_getfd: `${FULL} EINTR EBADF EINVAL EPERM ESRCH ENOSYS`,
  waitid: "EINTR ENOMEM EBADF ECHILD EINVAL",
  ioctl: "EINTR ENOMEM EBADF EINVAL ENOTTY EOPNOTSUPP EPERM ESRCH",
  fcntl: "EMFILE EINTR EBADF EINVAL EPERM",
  fstatfs: "EINTR ENOMEM EBADF EIO ENOSYS",
  openat: `${FULL} EINTR EACCES ELOOP ENODEV ENOENT EPERM`,
  pread64: "EINTR EBADF EINVAL EIO ESRCH",
  getdents64: "EINTR ENOMEM EBADF ENOENT",
  socketpair: `${FULL} EINTR EOPNOTSUPP`,
  getsockopt: `${FULL} EINTR EBADF EINVAL ENOPROTOOPT ESRCH`,
  setsockopt: "EINTR ENOMEM EBADF EINVAL ENOPROTOOPT",
  sendmsg: "EINTR ENOMEM ENOBUFS EACCES EAGAIN EBADF ECONNRESET ENOTCONN EPIPE",
  recvmsg: "EINTR ENOMEM EAGAIN EBADF ECONNREFUSED EINVAL ENOTCONN",
  epoll_ctl: "ENOMEM ENOSPC EINTR EBADF EINVAL ELOOP ENOENT EPERM",
  open_by_handle_at: `${FULL} EINTR EBADF EINVAL ELOOP EPERM ESTALE`,
  flock: "EINTR ENOMEM EAGAIN EBADF EINVAL ENOLCK",
  renameat2: "EINTR ENOMEM ENOSPC EACCES ENOENT EPERM EROFS",
  unlinkat: "EINTR ENOMEM EACCES ENOENT EPERM EROFS",
  pwrite64: "EINTR ENOSPC EIO EBADF",
  ftruncate: "EINTR EIO EBADF",
  fdatasync: "EINTR ENOSPC EIO EBADF",
  statx: "EINTR ENOMEM EACCES ENOENT ENOSYS",
  inotify_init1: `${FULL} EINVAL`,
  inotify_add_watch: "EINTR ENOMEM ENOSPC EACCES ENOENT",
  prctl: "EINVAL EPERM",
  readlinkat: "EINTR ENOMEM EACCES ENOENT",
  clone: "EAGAIN ENOMEM EPERM",
};

const ASIDE: Readonly<Record<string, string>> = {
  sendto: "EINTR EAGAIN ENOMEM ENOBUFS EBADF ECONNRESET ENOTCONN EPIPE",
  epoll_pwait: "EINTR ENOMEM EBADF EINVAL",
  waitid: "EINTR ENOMEM EBADF ECHILD EINVAL",
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

function faultsOf(way: Way, calls: Readonly<Record<string, string>>): Fault[] {
  return Object.entries(calls).flatMap(([call, names]) =>
    names.split(" ").map((name) => ({ way, call, errno: NUMBERS[name as ErrnoName] }))
  );
}
