/**
 * What calls answer that are made only to learn whether they exist: 0, or a negated errno. Each gives back what it got.
 *
 * @module
 */
import type { Native } from "../ffi/native.ts";
import {
  PIDFD_SELF_THREAD_GROUP,
  PIDFD_SELF_THREAD_GROUP_BEFORE,
  PIDFD_THREAD,
  SO_PASSPIDFD,
  SO_PEERPIDFD,
} from "./constants.ts";
import { NativeRecord } from "./record.ts";

/** 0 for a descriptor, which is closed; an errno stays. */
export function closed(library: Native, result: number): number {
  return result < 0 ? result : library.close(result);
}

/** A thread's handle: the first thread of a process has the process's own id. */
export function threadAnswer(library: Native): number {
  return closed(library, library.open(library.own_pid(), PIDFD_THREAD));
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
  return onSocket(
    library,
    (socket) => closed(library, library.socket_option(socket, SO_PEERPIDFD)),
  );
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

/** Ourselves without a descriptor, by the newer number and then by the older one. */
export function selfAnswer(library: Native): number {
  const answer = library.signal(PIDFD_SELF_THREAD_GROUP, 0, 0);
  return answer === 0 ? 0 : library.signal(PIDFD_SELF_THREAD_GROUP_BEFORE, 0, 0);
}
