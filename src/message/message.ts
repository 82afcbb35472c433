/**
 * Messages over Unix sockets that carry descriptors, and that say who sent them.
 *
 * @module
 */
import { now } from "../../ffi/timer.ts";
import { makeSlot } from "../handle/descriptor.ts";
import { Handle } from "../handle/handle.ts";
import { checkBoolean, checkFd, checkInteger, readOptions, show } from "../kernel/arguments.ts";
import {
  EAGAIN,
  EBADF,
  EINVAL,
  ENODATA,
  ESRCH,
  MSG_CTRUNC,
  MSG_TRUNC,
  POLLIN,
  POLLNVAL,
  SO_PASSPIDFD,
  SO_TYPE,
  SOCK_STREAM,
} from "../kernel/constants.ts";
import { check, failure, type PidfdError } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import { type Pidfd, pidfdOf } from "../pidfd.ts";
import { credentialsFrom, passCredentials, type SocketCredentials } from "./credentials.ts";
import { checkUnix } from "./socket.ts";

/** What {@linkcode sendMessage} sends. */
export interface OutgoingMessage {
  /**
   * From 1 to 4096 bytes; one byte of zero if left out, because descriptors do not travel without
   * any.
   */
  readonly data?: Uint8Array | undefined;
  /** Up to 253 descriptors, which stay yours: the receiver gets duplicates. */
  readonly descriptors?: readonly number[] | undefined;
}

/** What {@linkcode receiveMessage} received. */
export interface ReceivedMessage {
  /**
   * Up to 4096 bytes. None means that the other end of a stream was closed, or that the message is
   * empty.
   */
  readonly data: Uint8Array;
  /**
   * Descriptors, closed on exec. They are yours, wanted or not: {@linkcode Pidfd.fromFd}, or
   * {@linkcode closeFd}.
   */
  readonly descriptors: readonly number[];
  /**
   * Who sent it, where {@linkcode passSender} has asked for that. It is yours to close. What its
   * `info()` says of users and groups is of the present: see `credentials`.
   */
  readonly sender: Pidfd | null;
  /**
   * Why the kernel gave no sender although it was asked to: `ESRCH` if it was reaped (before Linux
   * 6.16), or `EMFILE`.
   */
  readonly senderError: PidfdError | null;
  /**
   * The sender's user and group at the moment of sending, where {@linkcode passSender} or
   * {@linkcode passCredentials} has asked for them. Of a message that was sent before it was asked
   * for them, the kernel says 65534 and no pid; the end of a stream has none.
   */
  readonly credentials: SocketCredentials | null;
  /**
   * Whether data was lost, because a message had more than 4096 bytes: the kernel's MSG_TRUNC. A
   * stream keeps the rest.
   */
  readonly dataTruncated: boolean;
  /**
   * Whether descriptors were lost, because this process has too many open: the kernel's MSG_CTRUNC.
   * They are closed.
   */
  readonly controlTruncated: boolean;
}

/** The kernel's SCM_MAX_FD, and what fits into the record. */
const MOST_DESCRIPTORS = 253;
const MOST_DATA = 4096;

/**
 * Sends a message over a Unix socket, and descriptors with it: of files, of sockets, of pidfds
 * (`handle.fd`). The receiver gets duplicates of them, at once its own. Never blocks. See
 * sendmsg(2), and SCM_RIGHTS in unix(7).
 *
 * @param socketFd A connected Unix socket's descriptor, from 0 to 2147483647: see {@linkcode
 * socketFd}.
 * @returns How many bytes were sent, all descriptors with the first; 0 if the socket has no room
 * now, and nothing was.
 * @throws {TypeError} If an argument is of a wrong type.
 * @throws {RangeError} If a number is outside its range, or if there is too much data or too many
 * descriptors.
 * @throws {PidfdError} `EBADF` if one of the descriptors is not open; `ENOTSOCK` if the first is no
 * socket, `EAFNOSUPPORT` if it is no Unix socket; `EPIPE` or `ECONNREFUSED` if nobody is at the
 * other end, `ECONNRESET` if it was closed before it had received all; `ENOTCONN`; `ETOOMANYREFS`
 * if more descriptors are on their way than you may have open (RLIMIT_NOFILE).
 *
 * @example Hand a process over
 * ```ts
 * import { closeFd, Pidfd, receiveMessage, sendMessage, socketPair } from "@x/pidfd";
 *
 * const [here, there] = socketPair(); // in truth, `there` is another process's
 * const handle = Pidfd.open(process.ppid);
 * sendMessage(here, { descriptors: [handle.fd] });
 * const received = Pidfd.fromFd(receiveMessage(there)!.descriptors[0]);
 * console.log(received.pid === handle.pid); // true
 * received.close();
 * handle.close();
 * closeFd(here);
 * closeFd(there);
 * ```
 */
export function sendMessage(socketFd: number, message: OutgoingMessage): number {
  checkInteger("send a message", "socketFd", socketFd, 0);
  const { data, descriptors } = checkMessage(message);
  checkUnix(socketFd);
  const record = new NativeRecord("MessageRecord");
  record.set("length", data.length);
  record.tail("data").set(data);
  record.set("descriptor_count", descriptors.length);
  record.tail("descriptors").set(new Uint8Array(Int32Array.from(descriptors).buffer));
  const result = native().send_message(socketFd, record.bytes);
  return result === EAGAIN ? 0 : check(result, "sendmsg");
}

function checkMessage(message: OutgoingMessage): Required<OutgoingMessage> {
  const action = "send a message";
  const defaults = { data: new Uint8Array(1), descriptors: [] };
  const { data, descriptors } = readOptions(action, message, defaults, "message");
  if (!(data instanceof Uint8Array)) {
    throw new TypeError(`Cannot ${action}: "data" must be a Uint8Array: ${show(data)}`);
  }
  checkInteger(action, "data.length", data.length, 1, MOST_DATA);
  // A copy, of its real bytes: an array that is resized, detached or pretends to be shorter is not
  // asked again.
  const bytes = new Uint8Array(data);
  checkInteger(action, "data.length", bytes.length, 1, MOST_DATA);
  if (!Array.isArray(descriptors)) {
    throw new TypeError(`Cannot ${action}: "descriptors" must be an array: ${show(descriptors)}`);
  }
  const { length } = descriptors;
  checkInteger(action, "descriptors.length", length, 0, MOST_DESCRIPTORS);
  // Read once: what is checked is what is sent.
  const checked = Array.from(
    { length },
    (_, index) => checkFd(action, descriptors[index], `descriptors[${index}]`),
  );
  return { data: bytes, descriptors: checked };
}

/**
 * Receives the next message of a Unix socket, with the descriptors that came with it and, after
 * {@linkcode passSender}, with a handle of who sent it. {@linkcode waitForMessage} does not block.
 * See recvmsg(2), unix(7).
 *
 * @param socketFd A Unix socket's descriptor, from 0 to 2147483647, which no event loop reads: see
 * {@linkcode socketFd}.
 * @param timeoutMs How long to block this JavaScript thread until a message comes: milliseconds
 * from 0 to 2147483647; 0 if left out.
 * @returns The message, or null if none has come. Descriptors that you did not ask for are yours to
 * close too.
 * @throws {TypeError} If an argument is no number.
 * @throws {RangeError} If a number is outside its range.
 * @throws {PidfdError} `EBADF` if the descriptor is not open, `ENOTSOCK` if it is no socket;
 * `EINVAL` if it is not connected; `ECONNRESET` if the other end was closed before it had received
 * all.
 */
export function receiveMessage(socketFd: number, timeoutMs: number = 0): ReceivedMessage | null {
  const action = "receive a message";
  checkInteger(action, "socketFd", socketFd, 0);
  checkInteger(action, "timeoutMs", timeoutMs, 0);
  const end = now() + timeoutMs;
  for (let left = timeoutMs; left > 0; left = end - now()) {
    // Not by the clock alone: a test may have stopped it before this module was imported.
    if (!waitUntilReadable(socketFd, Math.ceil(left))) break;
    const message = take(socketFd);
    if (message) return message;
    // Somebody else was quicker, or there is out-of-band data, which stays: then nothing tells of a
    // message any more.
    native().poll(-1, 0, 1);
  }
  return take(socketFd);
}

function take(socketFd: number): ReceivedMessage | null {
  const record = new NativeRecord("MessageRecord");
  const result = native().receive_message(socketFd, record.bytes, makeSlot());
  if (result === EAGAIN) return null;
  check(result, "recvmsg");
  const flags = record.number("flags");
  const length = record.number("length");
  // At the end of a stream nobody has sent anything, and the kernel says that user 0 has.
  const isEnd = length === 0 && native().socket_option(socketFd, SO_TYPE) === SOCK_STREAM;
  return {
    data: record.tail("data").slice(0, length),
    descriptors: record.numbers("descriptors", record.number("descriptor_count")),
    ...senderOf(isEnd ? ENODATA : record.number("sender")),
    credentials: record.number("has_credentials") === 1 && !isEnd
      ? credentialsFrom(record.numbers("who", 3))
      : null,
    dataTruncated: (flags & MSG_TRUNC) !== 0,
    controlTruncated: (flags & MSG_CTRUNC) !== 0,
  };
}

/** False when the time is up. */
function waitUntilReadable(fd: number, timeoutMs: number): boolean {
  const seen = check(native().poll(fd, POLLIN, timeoutMs), "poll");
  if (seen & POLLNVAL) throw failure({ errno: EBADF, syscall: "poll" });
  return seen !== 0;
}

type Sender = Pick<ReceivedMessage, "sender" | "senderError">;

/** The kernel puts a negated errno in the place of the descriptor where it can't give one. */
function senderOf(fd: number): Sender {
  if (fd === ENODATA) return { sender: null, senderError: null };
  if (fd < 0) {
    // Before Linux 6.16 it says EINVAL for a sender that was reaped.
    const senderError = failure({ errno: fd === EINVAL ? ESRCH : fd, syscall: "recvmsg" });
    return { sender: null, senderError };
  }
  // Nothing here can fail: the message and its descriptors were received, and must not be lost with
  // the sender.
  return { sender: pidfdOf(new Handle(fd, native().pid_of(fd))), senderError: null };
}

/**
 * Has the kernel say with each message that this socket receives who sent it: {@linkcode
 * ReceivedMessage.sender}, and {@linkcode ReceivedMessage.credentials} as {@linkcode
 * passCredentials} does. The sender can't prevent it. Ask before the message is sent. A sender
 * names whoever called sendmsg(2) or write(2) last for these bytes, while {@linkcode Pidfd.peer}
 * names whoever connected.
 *
 * Who has CAP_SYS_ADMIN over its own pid namespace (root, and root of a user namespace of its own)
 * can name another process of that namespace instead: SCM_CREDENTIALS, unix(7). Who connected can't
 * be forged so.
 *
 * Needs Linux 6.5, SO_PASSPIDFD and SCM_PIDFD in unix(7).
 *
 * @param socketFd A Unix socket's descriptor, from 0 to 2147483647.
 * @param isWanted Whether to say it; true if left out.
 * @throws {TypeError} If an argument is of a wrong type.
 * @throws {RangeError} If `socketFd` is outside its range.
 * @throws {PidfdError} `EBADF` if the descriptor is not open, `ENOTSOCK` if it is no socket,
 * `EAFNOSUPPORT` if it is no Unix socket, `ENOPROTOOPT` before Linux 6.5.
 *
 * @example Who says so?
 * ```ts
 * import { closeFd, passSender, receiveMessage, sendMessage, socketPair } from "@x/pidfd";
 *
 * const [here, there] = socketPair("datagram");
 * passSender(there);
 * sendMessage(here, { data: new TextEncoder().encode("READY=1") });
 * const { data, descriptors, sender } = receiveMessage(there)!;
 * descriptors.forEach(closeFd); // nobody has asked for any
 * console.log(new TextDecoder().decode(data)); // READY=1
 * console.log(sender?.pid === process.pid); // true
 * sender?.close();
 * closeFd(here);
 * closeFd(there);
 * ```
 */
export function passSender(socketFd: number, isWanted: boolean = true): void {
  const action = "ask for senders";
  checkInteger(action, "socketFd", socketFd, 0);
  checkBoolean(action, "isWanted", isWanted);
  checkUnix(socketFd, "setsockopt");
  check(native().set_socket_option(socketFd, SO_PASSPIDFD, Number(isWanted)), "setsockopt");
  passCredentials(socketFd, isWanted);
}
