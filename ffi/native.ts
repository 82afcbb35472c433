/**
 * The interface of the native library, one member a function of zig/src/calls.zig.
 *
 * Every member takes 32-bit integers and at most two records as bytes, and returns a 32-bit
 * integer: below zero it is a negated errno. Nothing is checked here. Callers have checked the
 * arguments, because the runtimes convert wrong ones silently (Bun turns `undefined` into 0,
 * Node-API turns `NaN` into 0).
 *
 * @module
 */
import type { SYMBOLS } from "./symbols.ts";

/**
 * The functions of the native library, in the order of zig/src/calls.zig, which has their errors.
 * The compiler holds them against the generated table, see {@linkcode NativeName}.
 */
export interface Native {
  /** A checksum of the declarations that the library was built from. */
  abi(): number;

  // A handle: open, signal, wait, and what the kernel reports of its process.

  /** pidfd_open(2), Linux 5.3: a new close-on-exec descriptor, tracked if `slot` is not 0. */
  open(pid: number, flags: number, slot: number): number;
  /** pidfd_send_signal(2), Linux 5.1. It polls first: -ESRCH if the process has exited. */
  signal(pidfd: number, signal: number, flags: number): number;
  /** As `signal`, with the value of a `QueueRecord`. */
  queue(pidfd: number, record: Uint8Array): number;
  /** waitid(2) with P_PIDFD, Linux 5.4: 1 and a `WaitRecord`, or 0. */
  wait(pidfd: number, options: number, record: Uint8Array): number;
  /** poll(2): the events, or 0 after `timeoutMs`; -1 is no limit. */
  poll(fd: number, events: number, timeoutMs: number): number;
  /** ioctl PIDFD_GET_INFO, Linux 6.13: fills a `PidfdInfo`. */
  info(pidfd: number, record: Uint8Array): number;
  /** The pid that a pidfd names, in this pid namespace. */
  pid_of(pidfd: number): number;
  /** statx(2) and fstatfs(2): fills a `FileRecord`. */
  stat(fd: number, record: Uint8Array): number;
  /** Reads /proc of a process: fills a `DescriptionRecord`, returns the bits of what was found. */
  describe(pidfd: number, wanted: number, record: Uint8Array): number;
  /** The command line of a process, into the room behind a `CommandLineRecord`: 0, or -E2BIG. */
  command_line(pidfd: number, record: Uint8Array): number;
  /**
   * open_by_handle_at(2), Linux 6.14: a pidfd of the process with the inode of a `FileRecord`,
   * tracked in `slot`.
   */
  open_inode(record: Uint8Array, slot: number): number;
  /** The clocks, our own pid namespace and the id of this boot: fills a `BootRecord`. */
  read_boot(record: Uint8Array): number;

  // Pid files.

  /** The beginning of the file at a `PathRecord`: fills a `TextRecord`. */
  read_file(path: Uint8Array, record: Uint8Array): number;
  /**
   * Locks a file that will replace the one at a `PathRecord`: a descriptor for one of the next two,
   * tracked until then.
   */
  pidfile_claim(path: Uint8Array): number;
  /**
   * Writes a `TextRecord` into the claimed file, renames it to `path`, and closes it. If it fails,
   * the record's `step` is one of `PIDFILE_STEPS`.
   */
  pidfile_commit(path: Uint8Array, file: number, record: Uint8Array): number;
  /** Removes and closes the claimed file; before that the one at `path` where `withOld` is 1. */
  pidfile_abandon(path: Uint8Array, file: number, withOld: number): number;
  /** A step of the lock on the file at `path`, one of `LOCK_STEPS`, with a `LockRecord`. */
  lock(step: number, path: Uint8Array, lock: Uint8Array): number;

  // What a process has: descriptors, namespaces, memory.

  /** pidfd_getfd(2), Linux 5.6: a new close-on-exec descriptor. */
  get_fd(pidfd: number, fd: number): number;
  /** ioctl PIDFD_GET_NET_NAMESPACE and the like, Linux 6.11: a new close-on-exec descriptor. */
  namespace(pidfd: number, kind: number): number;
  /** process_madvise(2), Linux 5.10, of an `AdviceRecord`: how many bytes were advised. */
  advise_memory(pidfd: number, record: Uint8Array): number;
  /** process_mrelease(2), Linux 5.15. */
  release_memory(pidfd: number): number;

  // Sockets, and messages over them.

  /** getsockopt(2) of SOL_SOCKET: the option's int. */
  socket_option(socket: number, option: number): number;
  /** The same of SO_PEERPIDFD, Linux 6.5: a new close-on-exec descriptor, tracked in `slot`. */
  open_peer(socket: number, slot: number): number;
  /** setsockopt(2) of SOL_SOCKET. SO_PASSCRED is 16 here on every CPU. */
  set_socket_option(socket: number, option: number, value: number): number;
  /** getsockopt(2) of SO_PEERCRED and SO_PEERGROUPS: fills a `PeerRecord`. */
  peer_credentials(socket: number, record: Uint8Array): number;
  /** socketpair(2) of AF_UNIX: fills a `PairRecord`. */
  socket_pair(kind: number, record: Uint8Array): number;
  /** sendmsg(2) of a `MessageRecord`, without blocking: how many bytes were sent. */
  send_message(socket: number, record: Uint8Array): number;
  /**
   * recvmsg(2), without blocking: fills a `MessageRecord`; the caller owns its descriptors. That of
   * the sender is tracked in `slot`.
   */
  receive_message(socket: number, record: Uint8Array, slot: number): number;

  // All processes.

  /** A descriptor of /proc, if its pids are those of our own pid namespace; tracked in `slot`. */
  proc_open(slot: number): number;
  /** Fills a `ScanRecord` with the next processes of a scan: 1, or 0 at its end. */
  proc_scan_next(proc: number, record: Uint8Array): number;
  /**
   * The same with command lines, into the room behind a `CommandLinesRecord`; -E2BIG if there is
   * too little for a single one.
   */
  proc_scan_command_lines(proc: number, record: Uint8Array): number;
  /** A new pidfd, tracked, and a `ProcessRecord` read while it named that pid. */
  proc_pin(proc: number, pid: number, record: Uint8Array): number;
  /** The same for an open pidfd, whose pid is in the `ProcessRecord`. */
  proc_read(proc: number, pidfd: number, record: Uint8Array): number;
  /** Whether the process of this pid has the mark of a `MarkRecord`: 1 or 0. */
  proc_has(proc: number, pid: number, mark: Uint8Array): number;
  /**
   * Step 0 fills a `ZombiesRecord` from the calling thread, the first one: 1 if there are more,
   * else 0. Step 1 takes those out that the runtime keeps a pidfd with O_NONBLOCK of, step 2 also
   * those that it keeps a handle of libuv's for.
   */
  zombies_list(step: number, record: Uint8Array): number;
  /** waitid(2) with P_PID and __WNOTHREAD: 1 and a `WaitRecord`, or 0. */
  zombies_reap(pid: number, record: Uint8Array): number;

  // A tree of processes.

  /** Finds the members of a tree, and stops them if asked to: one of `TREE_ANSWERS`. */
  tree_stand(proc: number, budgetUs: number, table: Uint8Array): number;
  /** Kills a stopped tree, the deepest level first: one of `TREE_ANSWERS`. */
  tree_kill(proc: number, budgetUs: number, table: Uint8Array): number;
  /** Finds members of a tree in a scan of all processes: one of `TREE_ANSWERS`. */
  tree_scan(proc: number, budgetUs: number, table: Uint8Array): number;
  /** Opens the cgroup.kill at a `PathRecord`, Linux 5.14; it is tracked. */
  cgroup_kill_open(path: Uint8Array): number;
  /** Writes to it, which kills the whole cgroup. */
  cgroup_kill(file: number): number;

  // This process, its descriptors and threads.

  /** prctl(2): makes this process a child subreaper or not; reports it if `on` is below 0. */
  subreaper(on: number): number;
  /** getpid(2). */
  own_pid(): number;
  /** getppid(2). */
  parent_pid(): number;
  /** fcntl(2). */
  fcntl(fd: number, command: number, argument: number): number;
  /** close(2). */
  close(fd: number): number;
  /**
   * Closes a descriptor when the calling thread ends, or, with `isOwned` 0, no longer. Returns the
   * thread's slot, for the next call; 0 if the process ends with the thread.
   */
  track_fd(slot: number, fd: number, isOwned: number): number;
  /** close(2) of a tracked descriptor, in one step. */
  close_tracked(slot: number, fd: number): number;

  // Watching processes.

  /** 1 if the kernel keeps exit records (Linux 6.15), else 0; may clone a process that exits. */
  probe_exit_record(): number;
  /**
   * Starts a watcher: fills a `WatcherRecord` with descriptors that the caller owns. If it fails,
   * the record's `step` is one of `WATCHER_STEPS`.
   */
  watcher_start(record: Uint8Array): number;
  /** Ends a watcher by its `WatcherRecord`, and closes its socket if `withSocket` is 1. */
  watcher_stop(record: Uint8Array, withSocket: number): number;
  /** Watches a process under a token. `watcher_remove` must come before its pidfd is closed. */
  watcher_add(epoll: number, pidfd: number, token: number): number;
  /**
   * Waits once until a pipe or a socket can be read, or, under a negative token, be written. The
   * watch stays until `watcher_remove`.
   */
  watcher_arm(epoll: number, fd: number, token: number): number;
  /** Ends a watch. */
  watcher_remove(epoll: number, pidfd: number): number;

  // Starting processes.

  /** Starts the thread that makes this thread's children: fills a `SpawnerRecord`. */
  spawner_start(record: Uint8Array): number;
  /** Starts a process by a `SpawnRecord` and what follows it in the buffer: its pid. */
  spawn(record: Uint8Array): number;
  /** Replaces this program by the guard of such a process: returns only why it can't. */
  replace(record: Uint8Array): number;
  /** read(2) of so many bytes: how many came, 0 at the end. */
  stream_read(fd: number, length: number, bytes: Uint8Array): number;
  /** write(2) of so many bytes: how many went. */
  stream_write(fd: number, length: number, bytes: Uint8Array): number;
  /** shutdown(2) of the half of a socket that this process writes. */
  stream_end(socket: number): number;

  // System call numbers.

  /** Fills a `NumbersRecord` with the numbers in use, or this CPU's own if `defaults` is 1. */
  numbers(defaults: number, record: Uint8Array): number;
  /** Replaces the numbers in use. */
  replace_numbers(record: Uint8Array): number;
}

/** The parameters that the letters of the generated table stand for. */
type Parameters<Letters> = Letters extends `i${infer Rest}` ? [number, ...Parameters<Rest>]
  : Letters extends `r${infer Rest}` ? [Uint8Array, ...Parameters<Rest>]
  : [];

/** The parameters and the result of each function: as the table has them, and as above. */
type Generated = {
  [Name in keyof typeof SYMBOLS]: [Parameters<(typeof SYMBOLS)[Name]>, number];
};
type Declared = {
  [Name in keyof Native]: Native[Name] extends (...parameters: infer P) => infer R ? [P, R] : never;
};

type Names<Wanted, Given extends Wanted> = keyof Wanted & keyof Given;

/**
 * A function's name. The compiler refuses this type where a member of {@linkcode Native} is missing
 * from the generated table, has other parameters there, or is not in the table at all.
 */
export type NativeName = Names<Generated, Declared> & Names<Declared, Generated>;

/** How one runtime calls native code. */
export interface Adapter {
  /** Loads the library at `path`. Throws what the runtime throws. */
  open(path: string): Native;
  /** Loads the library from memory, whose `abi()` is `abi`. Throws what the runtime throws. */
  openBytes(bytes: Uint8Array, abi: number): Native;
  /** Whether this program runs with more rights than whoever started it. Throws if unknown. */
  isSecure(): boolean;
  /**
   * Reads a socket by the runtime's event loop, and owns it from then on. At first it does not
   * keep the program alive. Throws what the runtime throws; then the caller still owns the socket.
   */
  listen(fd: number, listener: SocketListener): Listening;
}

/** Callbacks of a socket that the event loop reads. */
export interface SocketListener {
  onBytes(bytes: Uint8Array): void;
  /**
   * It is no longer read, for whatever reason. May be called more than once, after `close`, and
   * before `listen` has returned.
   */
  onEnd(error?: unknown): void;
  /** The runtime refuses it after all: the caller owns it again. */
  onRefused(error: unknown): void;
}

/** A socket that the event loop reads. */
export interface Listening {
  /** Keeps the program alive. */
  ref(): void;
  /** No longer keeps the program alive. */
  unref(): void;
  /** Closes it. */
  close(): void;
}
