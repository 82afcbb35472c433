/**
 * What the native library answers, one member a function of zig/calls.zig.
 *
 * Every member takes 32-bit integers and at most two records as bytes, and returns a 32-bit integer: below zero it is
 * a negated errno. Nothing is checked here: whoever calls has checked the arguments, because the runtimes convert
 * wrong ones silently (Bun makes 0 of `undefined`, Node-API makes 0 of `NaN`).
 *
 * @module
 */
import type { SYMBOLS } from "./symbols.ts";

/** The functions of the native library. */
export interface Native {
  /** The checksum of the declarations that the library was built from. */
  abi(): number;
  /** pidfd_open(2), Linux 5.3: a new close-on-exec descriptor. */
  open(pid: number, flags: number): number;
  /** pidfd_send_signal(2), Linux 5.1, after a look: -ESRCH for a process that has ended. */
  signal(pidfd: number, signal: number, flags: number): number;
  /** waitid(2) with P_PIDFD, Linux 5.4: 1 and a `WaitRecord`, or 0. */
  wait(pidfd: number, options: number, record: Uint8Array): number;
  /** poll(2): the events that came, or 0 after `timeoutMs`; -1 is no limit. */
  poll(fd: number, events: number, timeoutMs: number): number;
  /** ioctl PIDFD_GET_INFO, Linux 6.13: fills a `PidfdInfo`. */
  info(pidfd: number, record: Uint8Array): number;
  /** The pid that a pidfd names as seen from here. */
  pid_of(pidfd: number): number;
  /** statx(2) and fstatfs(2): fills a `FileRecord`. */
  stat(fd: number, record: Uint8Array): number;
  /** What /proc tells of a process: fills a `DescriptionRecord`, and answers the bits of what was found. */
  describe(pidfd: number, wanted: number, record: Uint8Array): number;
  /** open_by_handle_at(2), Linux 6.14: a pidfd of the process whose inode is in a `FileRecord`. */
  open_inode(record: Uint8Array): number;
  /** The clocks, the own pid namespace and the id of this boot: fills a `BootRecord`. */
  read_boot(record: Uint8Array): number;
  /** The beginning of the file at a `PathRecord`: fills a `TextRecord`. */
  read_file(path: Uint8Array, record: Uint8Array): number;
  /** Locks a file that is to take the place of the one at `path`: a descriptor for one of the next two. */
  pidfile_claim(path: Uint8Array): number;
  /** Writes a `TextRecord` into the claimed file, puts that in its place, and closes it. The record says which step failed. */
  pidfile_commit(path: Uint8Array, file: number, record: Uint8Array): number;
  /** Removes and closes the claimed file. */
  pidfile_abandon(path: Uint8Array, file: number): number;
  /** As `signal`, with the value of a `QueueRecord`. */
  queue(pidfd: number, record: Uint8Array): number;
  /** pidfd_getfd(2), Linux 5.6: a new close-on-exec descriptor. */
  get_fd(pidfd: number, fd: number): number;
  /** ioctl PIDFD_GET_NET_NAMESPACE and its like, Linux 6.11, of the kind 1 to 10: a new close-on-exec descriptor. */
  namespace(pidfd: number, kind: number): number;
  /** process_madvise(2), Linux 5.10, of an `AdviceRecord`: how many bytes were advised. */
  advise_memory(pidfd: number, record: Uint8Array): number;
  /** process_mrelease(2), Linux 5.15. */
  release_memory(pidfd: number): number;
  /** getsockopt(2) of SOL_SOCKET: the int that the option has; a new close-on-exec descriptor for SO_PEERPIDFD. */
  socket_option(socket: number, option: number): number;
  /** setsockopt(2) of SOL_SOCKET. */
  set_socket_option(socket: number, option: number, value: number): number;
  /** socketpair(2) of AF_UNIX: fills a `PairRecord`. */
  socket_pair(kind: number, record: Uint8Array): number;
  /** sendmsg(2) of a `MessageRecord`, without blocking: how many bytes went. */
  send_message(socket: number, record: Uint8Array): number;
  /** recvmsg(2), without blocking: fills a `MessageRecord`, whose descriptors are the caller's from then on. */
  receive_message(socket: number, record: Uint8Array): number;
  /** A descriptor of /proc, where its pids are those of our own pid namespace. */
  proc_open(): number;
  /** Fills a `ScanRecord` with the next processes of a pass: 1, or 0 at its end. */
  proc_scan_next(proc: number, record: Uint8Array): number;
  /** A new pidfd, and a `ProcessRecord` of what was read while it named that pid. */
  proc_pin(proc: number, pid: number, record: Uint8Array): number;
  /** The same for an open pidfd, whose pid the `ProcessRecord` brings. */
  proc_read(proc: number, pidfd: number, record: Uint8Array): number;
  /** Finds the members of a tree, and stops them where that is asked for: one of `TREE_ANSWERS`. */
  tree_stand(proc: number, budgetUs: number, table: Uint8Array): number;
  /** Kills a tree that stands, the deepest level first: one of `TREE_ANSWERS`. */
  tree_kill(proc: number, budgetUs: number, table: Uint8Array): number;
  /** Finds members of a tree in a pass over all processes: one of `TREE_ANSWERS`. */
  tree_scan(proc: number, budgetUs: number, table: Uint8Array): number;
  /** Opens the cgroup.kill at `path` where `file` is below 0; else writes to it, which ends all of that cgroup. Linux 5.14. */
  cgroup_kill(path: Uint8Array, file: number): number;
  /** prctl(2): makes this process a child subreaper or not; asks where `on` is below 0. */
  subreaper(on: number): number;
  /** getpid(2). */
  own_pid(): number;
  /** fcntl(2). */
  fcntl(fd: number, command: number, argument: number): number;
  /** close(2). */
  close(fd: number): number;
  /**
   * Has a descriptor closed when the calling thread ends, or, with 0, no longer. Answers the thread's place, for the next call;
   * 0 where the thread ends with the process.
   */
  own(place: number, fd: number, isOwned: number): number;
  /** 1 where the kernel keeps exit records (Linux 6.15), else 0; may clone a process that ends at once. */
  probe_exit_record(): number;
  /** Starts a watcher: fills a `WatcherRecord` with the descriptors that are the caller's from then on, or with what failed. */
  watcher_start(record: Uint8Array): number;
  /** Ends a watcher by its `WatcherRecord`; its socket is closed too where `withSocket` is 1. */
  watcher_stop(record: Uint8Array, withSocket: number): number;
  /** Has a process watched under a token, until `watcher_remove`, which must come before its pidfd is closed. */
  watcher_add(epoll: number, pidfd: number, token: number): number;
  /**
   * Waits once until a pipe or a socket can be read, or, under a negative token, be written. The
   * watch stays until `watcher_remove`.
   */
  watcher_arm(epoll: number, fd: number, token: number): number;
  /** Ends a watch. */
  watcher_remove(epoll: number, pidfd: number): number;
  /** Starts the thread that makes this thread's children: fills a `SpawnerRecord`. */
  spawner_start(record: Uint8Array): number;
  /** Starts a process by a `SpawnRecord` and what follows it in the buffer: its pid. */
  spawn(record: Uint8Array): number;
  /** read(2) of so many bytes: how many came, 0 at the end. */
  stream_read(fd: number, length: number, bytes: Uint8Array): number;
  /** write(2) of so many bytes: how many went. */
  stream_write(fd: number, length: number, bytes: Uint8Array): number;
  /** shutdown(2) of the half of a socket that this process writes. */
  stream_end(socket: number): number;
  /** Fills a `NumbersRecord` with the syscall numbers in use, or with this CPU's own where `defaults` is 1. */
  numbers(defaults: number, record: Uint8Array): number;
  /** Replaces the syscall numbers in use. */
  replace_numbers(record: Uint8Array): number;
}

/** How one runtime calls native code. */
export interface Adapter {
  /** Loads the library at `path`. Throws what the runtime throws. */
  open(path: string): Native;
  /** Loads the library from memory; `abi` is the number that it answers. Throws what the runtime throws. */
  openBytes(bytes: Uint8Array, abi: number): Native;
  /**
   * Reads a socket by the runtime's event loop, and owns it from then on. It does not keep the
   * program alive at first. Throws what the runtime throws; then the socket is still the caller's.
   */
  listen(fd: number, listener: SocketListener): Listening;
}

/** Who hears of a socket that the event loop reads. */
export interface SocketListener {
  onBytes(bytes: Uint8Array): void;
  /**
   * It is read no longer, for whatever reason: maybe told more than once, and after `close`, and
   * before `listen` has answered.
   */
  onEnd(error?: unknown): void;
  /** The runtime does not take it after all: it is the caller's again. */
  onRefused(error: unknown): void;
}

/** A socket that the event loop reads. */
export interface Listening {
  /** Keeps the program alive. */
  ref(): void;
  /** Keeps it alive no longer. */
  unref(): void;
  /** Closes it. */
  close(): void;
}

/** A function's name in the generated table; the compiler holds it against {@linkcode Native}. */
export type NativeName = keyof typeof SYMBOLS & keyof Native;
