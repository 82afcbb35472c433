/**
 * The kernel's numbers that this side of the library needs, by the kernel's names.
 *
 * @module
 */
import { KERNEL } from "../../ffi/symbols.ts";

/**
 * Those that the native library needs too.
 *
 * - poll(2) of a pidfd: `POLLIN`, its process has ended; `POLLHUP`, it was reaped (Linux 6.9);
 *   `POLLNVAL`, the descriptor is not open.
 * - waitid(2): `WNOHANG`, don't block; `WEXITED`, children that have ended; `WNOWAIT`, leave the
 *   child to be waited for again; `WALL`, children with any exit signal.
 * - fcntl(2): `F_DUPFD_CLOEXEC`, a second descriptor, closed on exec, of this number or the next
 *   free one.
 * - PIDFD_GET_INFO: `PIDFD_INFO_PID`, pid, thread group and parent (Linux 6.13); `PIDFD_INFO_EXIT`,
 *   the exit status (Linux 6.15); `PIDFD_INFO_SUPPORTED_MASK`, which bits this kernel knows (6.19).
 * - /proc/PID/stat: `PF_KTHREAD`, a kernel thread's flag, include/linux/sched.h.
 */
export const {
  POLLIN,
  POLLHUP,
  POLLNVAL,
  WNOHANG,
  WEXITED,
  WNOWAIT,
  WALL,
  F_DUPFD_CLOEXEC,
  PIDFD_INFO_PID,
  PIDFD_INFO_EXIT,
  PIDFD_INFO_SUPPORTED_MASK,
  PF_KTHREAD,
} = KERNEL;

/** The file system of pidfds (Linux 6.9), include/uapi/linux/magic.h. */
export const PIDFS_MAGIC = BigInt(KERNEL.PIDFS_MAGIC);

/** include/uapi/asm-generic/errno-base.h and errno.h, negated as native functions return them. */
export const EPERM = -1;
/** No such file; of pidfd_open(2): a thread's id. */
export const ENOENT = -2;
/** No such process. */
export const ESRCH = -3;
/** A signal came between. */
export const EINTR = -4;
/** Input or output failed. */
export const EIO = -5;
/** Too long for the room that there is. */
export const E2BIG = -7;
/** Bad descriptor. */
export const EBADF = -9;
/** Not a child. */
export const ECHILD = -10;
/** Not now. */
export const EAGAIN = -11;
/** Out of memory. */
export const ENOMEM = -12;
/** Permission denied. */
export const EACCES = -13;
/** There already. */
export const EEXIST = -17;
/** Invalid argument. */
export const EINVAL = -22;
/** The system's table of files is full. */
export const ENFILE = -23;
/** This process's table of descriptors is full. */
export const EMFILE = -24;
/** Not the kind of file that takes this ioctl. */
export const ENOTTY = -25;
/** No such system call. */
export const ENOSYS = -38;
/** Not supported by this kind of file. */
export const EOPNOTSUPP = -95;
/** A file handle that leads to nothing any more. */
export const ESTALE = -116;
/** In another pid namespace. */
export const EREMOTE = -66;

/** Another kind of socket than this is for. */
export const EAFNOSUPPORT = -97;
/** There is none. */
export const ENODATA = -61;
/** No memory for what a socket is to carry. */
export const ENOBUFS = -105;
/** The other end was closed with something unread. */
export const ECONNRESET = -104;

/** signal(7): ends a process, and can be neither caught nor ignored. */
export const SIGKILL = 9;
/** Continues a stopped process. */
export const SIGCONT = 18;

/**
 * pidfd_open(2): a thread instead of a process (Linux 6.9); O_EXCL on each CPU that the library is
 * built for.
 */
export const PIDFD_THREAD = 0x80;

/** fcntl(2): how many bytes a pipe has room for. */
export const F_SETPIPE_SZ = 1031;
/** fcntl(2): sets the descriptor's flags. */
export const F_SETFD = 2;
/** fcntl(2): the one flag that a descriptor has. */
export const FD_CLOEXEC = 1;
/** fcntl(2): the flags of the open file. */
export const F_GETFL = 3;

/**
 * Sockets, SOL_SOCKET: messages say of which user they are. The library has the number that powerpc
 * has instead.
 */
export const SO_PASSCRED = 16;
/** Sockets, SOL_SOCKET: the kind of socket. */
export const SO_TYPE = 3;
/** A kind of socket: a stream. */
export const SOCK_STREAM = 1;
/** Sockets, SOL_SOCKET: whether it listens. */
export const SO_ACCEPTCONN = 30;
/** Sockets, SOL_SOCKET: the kind of network. */
export const SO_DOMAIN = 39;
/** Sockets, SOL_SOCKET: messages say who sent them (Linux 6.5). */
export const SO_PASSPIDFD = 76;
/** Sockets of one machine. */
export const AF_UNIX = 1;
/** recvmsg(2): the descriptors that came did not all fit. */
export const MSG_CTRUNC = 0x8;
/** recvmsg(2): the data did not all fit. */
export const MSG_TRUNC = 0x20;

/** waitid(2), `si_code`: the child called exit. */
export const CLD_EXITED = 1;
/** waitid(2), `si_code`: the child was killed and dumped its core. */
export const CLD_DUMPED = 3;

/** PIDFD_GET_INFO: users and groups (Linux 6.13). */
export const PIDFD_INFO_CREDS = 0x2;
/** PIDFD_GET_INFO: the cgroup's id (Linux 6.13). */
export const PIDFD_INFO_CGROUPID = 0x4;
/** PIDFD_GET_INFO: what became of a core dump (Linux 6.16). */
export const PIDFD_INFO_COREDUMP = 0x10;
/** PIDFD_GET_INFO: the signal that made it dump (Linux 6.19). */
export const PIDFD_INFO_COREDUMP_SIGNAL = 0x40;
/** PIDFD_GET_INFO: that signal's si_code (Linux 7.1). */
export const PIDFD_INFO_COREDUMP_CODE = 0x80;

/** `coredump_mask`: it did dump. */
export const PIDFD_COREDUMPED = 0x1;
/** `coredump_mask`: nothing was dumped. */
export const PIDFD_COREDUMP_SKIP = 0x2;
/** `coredump_mask`: a dump belongs to the process's user. */
export const PIDFD_COREDUMP_USER = 0x4;
/** `coredump_mask`: a dump belongs to root. */
export const PIDFD_COREDUMP_ROOT = 0x8;

/** The largest number that a C int holds; pids, descriptors and times in milliseconds end there. */
export const INT_MAX = 2147483647;
