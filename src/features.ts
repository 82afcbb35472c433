/**
 * What this kernel offers, found out by really calling, never by its version: a seccomp profile or an emulated kernel
 * may lack what the version promises.
 *
 * @module
 */
import { ERRNO_NAMES } from "../ffi/symbols.ts";
import type { Native } from "../ffi/native.ts";
import {
  EBADF,
  ECHILD,
  EINVAL,
  EMFILE,
  ENFILE,
  ENOMEM,
  ENOSYS,
  EOPNOTSUPP,
  PIDFD_INFO_COREDUMP,
  PIDFD_INFO_COREDUMP_CODE,
  PIDFD_INFO_COREDUMP_SIGNAL,
  PIDFD_INFO_SUPPORTED_MASK,
  PIDFS_MAGIC,
  POLLIN,
  WALL,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from "./constants.ts";
import type { PidfdError } from "./errors.ts";
import { namespaceNumber } from "./namespaces.ts";
import { decodeInfo } from "./kernel_info.ts";
import { native } from "./native.ts";
import {
  adviceAnswer,
  closed,
  passAnswer,
  peerAnswer,
  scopeAnswer,
  selfAnswer,
  threadAnswer,
} from "./answers.ts";
import { NativeRecord } from "./record.ts";

/** One ability of the kernel, and how it was found out whether it is there. */
export interface Feature {
  /** Whether it can be used now. */
  readonly available: boolean;
  /** The first kernel that has it. */
  readonly since: string;
  /** What was called and what it answered. */
  readonly found: string;
}

/** Each ability by the kernel's name for it. */
export interface Features {
  /** Open a process: pidfd_open(2). */
  readonly pidfd_open: Feature;
  /** Signal it: pidfd_send_signal(2). */
  readonly pidfd_send_signal: Feature;
  /** Learn that it ended: poll(2) on a pidfd. */
  readonly poll: Feature;
  /** Learn how a child ended, and reap it: waitid(2) with P_PIDFD. */
  readonly waitid: Feature;
  /** Take a descriptor out of a process: pidfd_getfd(2). */
  readonly pidfd_getfd: Feature;
  /** Give advice about another process's memory: process_madvise(2). */
  readonly process_madvise: Feature;
  /** Take the memory of a process that is being killed: process_mrelease(2). */
  readonly process_mrelease: Feature;
  /** Open the process at the other end of a Unix socket: getsockopt(2). */
  readonly SO_PEERPIDFD: Feature;
  /** Learn who sent a message over a Unix socket: setsockopt(2), and SCM_PIDFD in unix(7). */
  readonly SO_PASSPIDFD: Feature;
  /** Open a thread: pidfd_open(2) with PIDFD_THREAD. */
  readonly PIDFD_THREAD: Feature;
  /** Signal one thread, the process or its process group through any handle: pidfd_send_signal(2) with a scope. */
  readonly PIDFD_SIGNAL_THREAD_GROUP: Feature;
  /** Tell processes apart for the whole boot: each has an inode of its own in pidfs. */
  readonly pidfs: Feature;
  /** Open a namespace of a process, of this kind and of the nine others: ioctl(2). */
  readonly PIDFD_GET_NET_NAMESPACE: Feature;
  /** Ask the kernel about a process: ioctl PIDFD_GET_INFO. */
  readonly PIDFD_GET_INFO: Feature;
  /** Open a process by its inode, without a pid: open_by_handle_at(2). */
  readonly file_handles: Feature;
  /** Learn how any process ended, once it was reaped: PIDFD_INFO_EXIT. */
  readonly PIDFD_INFO_EXIT: Feature;
  /**
   * Name the calling process without a descriptor: pidfd_send_signal(2) and others with PIDFD_SELF_THREAD_GROUP. Nothing here
   * uses it: it can be signalled but not polled, and a handle is to do both.
   */
  readonly PIDFD_SELF: Feature;
  /** Learn what became of a core dump: PIDFD_INFO_COREDUMP. */
  readonly PIDFD_INFO_COREDUMP: Feature;
  /** Learn which signal made it dump: PIDFD_INFO_COREDUMP_SIGNAL. */
  readonly PIDFD_INFO_COREDUMP_SIGNAL: Feature;
  /** Learn that signal's si_code: PIDFD_INFO_COREDUMP_CODE. */
  readonly PIDFD_INFO_COREDUMP_CODE: Feature;
}

const SINCE: Readonly<Record<keyof Features, string>> = {
  pidfd_open: "5.3",
  pidfd_send_signal: "5.1",
  poll: "5.3",
  waitid: "5.4",
  pidfd_getfd: "5.6",
  process_madvise: "5.10",
  process_mrelease: "5.15",
  SO_PEERPIDFD: "6.5",
  SO_PASSPIDFD: "6.5",
  PIDFD_THREAD: "6.9",
  PIDFD_SIGNAL_THREAD_GROUP: "6.9",
  pidfs: "6.9",
  PIDFD_GET_NET_NAMESPACE: "6.11",
  PIDFD_GET_INFO: "6.13",
  file_handles: "6.14",
  PIDFD_INFO_EXIT: "6.15",
  PIDFD_SELF: "6.15",
  PIDFD_INFO_COREDUMP: "6.16",
  PIDFD_INFO_COREDUMP_SIGNAL: "6.19",
  PIDFD_INFO_COREDUMP_CODE: "7.1",
};

/** What one probe saw; `isFinal` is false for a passing shortage, which must not be remembered. */
interface Finding {
  available: boolean;
  found: string;
  isFinal: boolean;
}

type Probe = (native: Native, fd: number) => Finding;

const PROBES: Readonly<Record<keyof Features, Probe>> = {
  pidfd_open: (library, fd) => finding("pidfd_open(self)", openAnswer(library, fd), [0]),
  // Without a descriptor the call still shows that it exists, by refusing the descriptor.
  pidfd_send_signal: (library, fd) =>
    finding("pidfd_send_signal(self, 0)", library.signal(fd, 0, 0), [0, EBADF]),
  poll: (library, fd) => onDescriptor("poll(self)", fd, () => library.poll(fd, POLLIN, 0), [0]),
  // Nobody is a child of itself: ECHILD is what a kernel says that knows P_PIDFD.
  waitid: (library, fd) =>
    onDescriptor("waitid(P_PIDFD, self)", fd, () => library.wait(fd, PEEK, waited.bytes), [ECHILD]),
  // These are asked for what there can't be, so that nothing is opened or taken: each refuses in a way of its own.
  pidfd_getfd: (library, fd) =>
    onDescriptor("pidfd_getfd(self, -1)", fd, () => library.get_fd(fd, -1), [EBADF]),
  process_madvise: (library, fd) =>
    onDescriptor("process_madvise(self)", fd, () => adviceAnswer(library, fd), [0]),
  process_mrelease: (library, fd) =>
    onDescriptor("process_mrelease(self)", fd, () => library.release_memory(fd), [EINVAL]),
  SO_PEERPIDFD: (library) => finding("getsockopt(SO_PEERPIDFD)", peerAnswer(library), [0]),
  SO_PASSPIDFD: (library) => finding("setsockopt(SO_PASSPIDFD)", passAnswer(library), [0]),
  PIDFD_THREAD: (library) => finding("pidfd_open(self, PIDFD_THREAD)", threadAnswer(library), [0]),
  PIDFD_SIGNAL_THREAD_GROUP: (library, fd) =>
    onDescriptor("pidfd_send_signal(self, 0, …)", fd, () => scopeAnswer(library, fd), [0]),
  pidfs: (library, fd) => onDescriptor("fstatfs(self)", fd, () => pidfsAnswer(library, fd), [0]),
  PIDFD_GET_NET_NAMESPACE: (library, fd) =>
    onDescriptor(
      "ioctl(self, PIDFD_GET_NET_NAMESPACE)",
      fd,
      () => closed(library, library.namespace(fd, namespaceNumber("net"))),
      [0, EOPNOTSUPP],
    ),
  PIDFD_GET_INFO: (library, fd) =>
    onDescriptor("ioctl(self, PIDFD_GET_INFO)", fd, () => library.info(fd, blank().bytes), [0]),
  file_handles: (library, fd) =>
    onDescriptor("open_by_handle_at(self)", fd, () => handleAnswer(library, fd), [0]),
  PIDFD_INFO_EXIT: (library) =>
    finding("the exit record of a reaped child", library.probe_exit_record(), [1]),
  PIDFD_SELF: (library) =>
    finding("pidfd_send_signal(PIDFD_SELF_THREAD_GROUP, 0)", selfAnswer(library), [0]),
  // The two later bits are seen on dumped processes only; since then the kernel says itself what it knows.
  PIDFD_INFO_COREDUMP: (library, fd) => knows(library, fd, "PIDFD_INFO_COREDUMP"),
  PIDFD_INFO_COREDUMP_SIGNAL: (library, fd) => knows(library, fd, "PIDFD_INFO_COREDUMP_SIGNAL"),
  PIDFD_INFO_COREDUMP_CODE: (library, fd) => knows(library, fd, "PIDFD_INFO_COREDUMP_CODE"),
};

const INFO_BITS = { PIDFD_INFO_COREDUMP, PIDFD_INFO_COREDUMP_SIGNAL, PIDFD_INFO_COREDUMP_CODE };

/** Whether PIDFD_GET_INFO knows a bit: 1 where it says so, or fills it for ourselves; else 0. */
function knows(library: Native, fd: number, name: keyof typeof INFO_BITS): Finding {
  const probe = () => {
    const record = blank();
    record.set("mask", INFO_BITS[name] | PIDFD_INFO_SUPPORTED_MASK);
    const result = library.info(fd, record.bytes);
    if (result < 0) return result;
    const known = record.bigint("mask") | (decodeInfo(record).supportedMask ?? 0n);
    return known & BigInt(INFO_BITS[name]) ? 1 : 0;
  };
  return onDescriptor(`ioctl(self, PIDFD_GET_INFO, ${name})`, fd, probe, [1]);
}

function handleAnswer(library: Native, fd: number): number {
  const record = new NativeRecord("FileRecord");
  const result = library.stat(fd, record.bytes);
  if (result < 0) return result;
  const again = library.open_inode(record.bytes);
  if (again < 0) return again;
  library.close(again);
  return 0;
}

const PEEK = WEXITED | WNOHANG | WNOWAIT | WALL;
const waited = new NativeRecord("WaitRecord");
const blank = () => new NativeRecord("PidfdInfo");

/** A descriptor that is really a pidfd of ourselves: a seccomp filter can make a call "return" its own number. */
function openAnswer(library: Native, fd: number): number {
  if (fd < 0) return fd;
  return library.pid_of(fd) === library.own_pid() ? 0 : ENOSYS;
}

function pidfsAnswer(library: Native, fd: number): number {
  const record = new NativeRecord("FileRecord");
  const result = library.stat(fd, record.bytes);
  if (result < 0) return result;
  return record.bigint("file_system") === PIDFS_MAGIC ? 0 : EINVAL;
}

function onDescriptor(what: string, fd: number, probe: () => number, good: number[]): Finding {
  return finding(what, fd < 0 ? fd : probe(), good);
}

function finding(what: string, answer: number, good: number[]): Finding {
  const isShortage = answer === EMFILE || answer === ENFILE || answer === ENOMEM;
  const word = answer < 0 ? ERRNO_NAMES[-answer] ?? String(answer) : String(answer);
  // A shortage comes from a call that exists: it is refused this time, not missing.
  const available = good.includes(answer) || isShortage;
  return { available, found: `${what} answered ${word}`, isFinal: !isShortage };
}

const cache = new Map<keyof Features, Feature>();

/** Forgets what was found out, because the answers may differ from now on. */
export function forgetFeatures(): void {
  cache.clear();
}

/** One ability, found out the first time that it is asked for. */
export function feature(name: keyof Features): Feature {
  return cache.get(name) ?? findOut(name);
}

function findOut(name: keyof Features): Feature {
  const since = SINCE[name];
  let library: Native;
  try {
    library = native();
  } catch (error) {
    return { available: false, since, found: (error as PidfdError).message };
  }
  const fd = library.open(library.own_pid(), 0);
  try {
    const { available, found, isFinal } = PROBES[name](library, fd);
    const result = Object.freeze({ available, since, found });
    if (isFinal) cache.set(name, result);
    return result;
  } finally {
    // What only looked like a descriptor is nobody's to close.
    if (fd >= 0 && openAnswer(library, fd) === 0) library.close(fd);
  }
}

/**
 * Each ability of this kernel that this module uses: whether it is there, the first kernel that has it, and how that
 * was found out. Never throws; elsewhere than on Linux each is unavailable, with the reason.
 *
 * Answers are remembered, but for those that a passing shortage (EMFILE, ENFILE, ENOMEM) gave. On Linux before 6.19,
 * finding out about PIDFD_INFO_EXIT clones a process that ends at once, about 1 ms once.
 *
 * @example Ask before relying on it
 * ```ts
 * import { features } from "@x/pidfd";
 *
 * const { PIDFD_INFO_EXIT } = features();
 * console.log(PIDFD_INFO_EXIT.available, PIDFD_INFO_EXIT.since, PIDFD_INFO_EXIT.found);
 * ```
 */
export function features(): Features {
  const entries = Object.keys(SINCE).map((name) => [name, feature(name as keyof Features)]);
  return Object.fromEntries(entries);
}

/** Whether processes can be opened, signalled and watched here. */
export function isSupported(): boolean {
  return (["pidfd_open", "pidfd_send_signal", "poll"] as const).every((name) =>
    feature(name).available
  );
}
