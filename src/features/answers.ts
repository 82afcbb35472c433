/**
 * What calls answer that are made only to learn whether they exist: 0, or a negated errno. Each
 * gives back what it got.
 *
 * @module
 */
import type { Native } from "../../ffi/native.ts";
import { closeOwned, makeSlot } from "../handle/descriptor.ts";
import {
  ECHILD,
  EINVAL,
  ENOENT,
  ENOSYS,
  EREMOTE,
  PIDFD_INFO_COREDUMP,
  PIDFD_INFO_COREDUMP_CODE,
  PIDFD_INFO_COREDUMP_SIGNAL,
  PIDFD_INFO_SUPPORTED_MASK,
  PIDFD_THREAD,
  PIDFS_MAGIC,
  SO_PASSPIDFD,
  WALL,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from "../kernel/constants.ts";
import { namespaceNumber } from "../kernel/namespace_kinds.ts";
import { decodeInfo } from "../kernel/pidfd_info.ts";
import { NativeRecord } from "../kernel/record.ts";

/** 0 for a descriptor, which is closed; an errno stays. */
function closed(fd: number): number {
  closeOwned(fd);
  return Math.min(fd, 0);
}

/**
 * A descriptor that is really a pidfd of ourselves: a seccomp filter can make a call "return" its
 * own number.
 */
export function openAnswer(library: Native, fd: number): number {
  if (fd < 0) return fd;
  const pid = library.pid_of(fd);
  if (pid === library.own_pid()) return 0;
  // Before Linux 6.13 the number comes from /proc, which may be missing or another pid namespace's.
  // Then it is waitid(2) that knows a pidfd of ourselves from other descriptors.
  const isUntold = pid === ENOENT || pid === EREMOTE;
  return isUntold && childAnswer(library, fd) === ECHILD ? 0 : ENOSYS;
}

/** A look at a child, which nobody is of itself. */
export function childAnswer(library: Native, fd: number): number {
  const options = WEXITED | WNOHANG | WNOWAIT | WALL;
  return library.wait(fd, options, new NativeRecord("WaitRecord").bytes);
}

/** The file system that a pidfd is in. */
export function pidfsAnswer(library: Native, fd: number): number {
  const record = new NativeRecord("FileRecord");
  const result = library.stat(fd, record.bytes);
  if (result < 0) return result;
  return record.bigint("file_system") === PIDFS_MAGIC ? 0 : EINVAL;
}

/** A pidfd by its inode. */
export function handleAnswer(library: Native, fd: number): number {
  const record = new NativeRecord("FileRecord");
  const result = library.stat(fd, record.bytes);
  return result < 0 ? result : closed(library.open_inode(record.bytes, makeSlot()));
}

/** What the kernel tells of a process, whatever that is. */
export function infoAnswer(library: Native, fd: number): number {
  return library.info(fd, new NativeRecord("PidfdInfo").bytes);
}

const INFO_BITS = { PIDFD_INFO_COREDUMP, PIDFD_INFO_COREDUMP_SIGNAL, PIDFD_INFO_COREDUMP_CODE };

/** 1 where PIDFD_GET_INFO says that it knows a bit, or fills it for ourselves; else 0. */
export function knownAnswer(library: Native, fd: number, name: keyof typeof INFO_BITS): number {
  const record = new NativeRecord("PidfdInfo");
  record.set("mask", INFO_BITS[name] | PIDFD_INFO_SUPPORTED_MASK);
  const result = library.info(fd, record.bytes);
  if (result < 0) return result;
  const known = record.bigint("mask") | (decodeInfo(record).supportedMask ?? 0n);
  return known & BigInt(INFO_BITS[name]) ? 1 : 0;
}

/** The namespace of our network. */
export function namespaceAnswer(library: Native, fd: number): number {
  return closed(library.namespace(fd, namespaceNumber("net")));
}

/** A thread's handle: the first thread of a process has the process's own id. */
export function threadAnswer(library: Native): number {
  return closed(library.open(library.own_pid(), PIDFD_THREAD, makeSlot()));
}

/** A signal that asks only, with a scope. */
export function scopeAnswer(library: Native, fd: number): number {
  const PIDFD_SIGNAL_THREAD_GROUP = 2;
  return library.signal(fd, 0, PIDFD_SIGNAL_THREAD_GROUP);
}

/** Advice about no memory at all. */
export function adviceAnswer(library: Native, fd: number): number {
  const record = new NativeRecord("AdviceRecord");
  const MADV_COLD = 20;
  record.set("advice", MADV_COLD);
  return library.advise_memory(fd, record.bytes);
}

/** The peer of a socket that we have made: ourselves. */
export function peerAnswer(library: Native): number {
  return onSocket(library, (socket) => closed(library.open_peer(socket, makeSlot())));
}

/** Senders of what comes over a socket that we have made. */
export function passAnswer(library: Native): number {
  return onSocket(library, (socket) => library.set_socket_option(socket, SO_PASSPIDFD, 1));
}

function onSocket(library: Native, ask: (socket: number) => number): number {
  const record = new NativeRecord("PairRecord");
  const SOCK_STREAM = 1;
  const result = library.socket_pair(SOCK_STREAM, record.bytes);
  if (result < 0) return result;
  const answer = ask(record.number("first"));
  library.close(record.number("first"));
  library.close(record.number("second"));
  return answer;
}
