/**
 * What this kernel offers, found out by really calling, never by its version: a seccomp profile or
 * an emulated kernel may lack what the version promises.
 *
 * @module
 */
import type { Native } from "../../ffi/native.ts";
import { closeOwned, makeSlot } from "../handle/descriptor.ts";
import type { PidfdError } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { openAnswer } from "./answers.ts";
import { probe } from "./probes.ts";

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
  /**
   * Signal one thread, the process or its process group through any handle: pidfd_send_signal(2)
   * with a scope.
   */
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
  PIDFD_INFO_COREDUMP: "6.16",
  PIDFD_INFO_COREDUMP_SIGNAL: "6.19",
  PIDFD_INFO_COREDUMP_CODE: "7.1",
};

const cache = new Map<keyof Features, Feature>();

let isShown = false;

/** Forgets what was found out, because the answers may differ from now on. */
export function forgetFeatures(): void {
  cache.clear();
  isShown = false;
}

/**
 * Whether pidfd_open(2) gives pidfds, which a seccomp filter can make it only seem to. What it gave
 * for `pid` may show that already; to open ourselves for it, as the probe does, takes a quarter of
 * the time of a program's first handle.
 */
export function opensPidfds(fd: number, pid: number): boolean {
  isShown ||= native().pid_of(fd) === pid || feature("pidfd_open").available;
  return isShown;
}

/** One ability, found out the first time that it is asked for. */
export function feature(name: keyof Features): Feature {
  return cache.get(name) ?? findOut(name);
}

/** Whether the answer about it is final, and was not given for want of something. */
export function isKnown(name: keyof Features): boolean {
  feature(name);
  return cache.has(name);
}

function findOut(name: keyof Features): Feature {
  const since = SINCE[name];
  let library: Native;
  try {
    library = native();
  } catch (error) {
    return { available: false, since, found: (error as PidfdError).message };
  }
  const fd = library.open(library.own_pid(), 0, makeSlot());
  try {
    const { available, found, isFinal } = probe(name, library, fd);
    const result = Object.freeze({ available, since, found });
    if (isFinal) cache.set(name, result);
    return result;
  } finally {
    // What only looked like a descriptor must not be closed.
    if (fd >= 0 && openAnswer(library, fd) === 0) closeOwned(fd);
  }
}

/**
 * Each ability of this kernel that this module uses: whether it is there, the first kernel that has
 * it, and how that was found out. Never throws; elsewhere than on Linux each is unavailable, with
 * the reason.
 *
 * Answers are remembered, but for those that a passing shortage (EMFILE, ENFILE, ENOMEM, ENOBUFS,
 * EAGAIN) gave. On Linux before 6.19, finding out about PIDFD_INFO_EXIT clones a process that ends
 * at once, about 1 ms once.
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
