/**
 * Who a process was when it connected a Unix socket, or when it sent a message: its user, its
 * groups, its pid.
 *
 * @module
 */
import { checkBoolean, checkInteger } from "../kernel/arguments.ts";
import { ENODATA, SO_ACCEPTCONN, SO_PASSCRED } from "../kernel/constants.ts";
import { check, failure } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import { checkUnix } from "./socket.ts";

/**
 * Who a process was at one moment. Users and groups are numbers of our own user namespace; one that
 * has no number there is 65534.
 */
export interface SocketCredentials {
  /** Its pid; absent where our pid namespace has no number for it. By now it may be reused. */
  readonly pid?: number;
  /** Its user. */
  readonly uid: number;
  /** Its group. */
  readonly gid: number;
  /** Its supplementary groups: of the peer of a socket, not of the sender of a message. */
  readonly groups?: readonly number[];
}

/** Where the kernel has no peer to tell of, it says the user -1. */
const NOBODY = 0xffffffff;

/**
 * The credentials of the process at the other end of a Unix socket, as they were at the moment of
 * connecting: on the side that accepted, of who called connect(2); on the side that connected, of
 * who called listen(2); on a pair, of who made it. The user and the group are its effective ones.
 *
 * Use them, and never the process's present credentials, to decide what a client may do: a process
 * without rights may connect, leave the socket to a child, and execute a setuid program, and
 * `Pidfd.peer(socketFd).info()` then shows root.
 *
 * Needs Linux 5.3. See SO_PEERCRED in
 * {@link https://man7.org/linux/man-pages/man7/unix.7.html unix(7)} and
 * {@link https://man7.org/linux/man-pages/man7/socket.7.html socket(7)}.
 *
 * @param socketFd A Unix socket's descriptor, an integer from 0 to 2147483647: see
 * {@linkcode socketDescriptor}.
 * @throws {TypeError} If `socketFd` is no number.
 * @throws {RangeError} If `socketFd` is outside that range.
 * @throws {PidfdError} `EBADF` if it is not open, `ENOTSOCK` if it is no socket, `EAFNOSUPPORT` if
 * it is no Unix socket; `ENODATA` if it has no peer: it is not connected, it listens, or it is a
 * datagram socket that is not of a pair.
 *
 * @example May this client do that?
 * ```ts
 * import { closeDescriptor, peerCredentials, socketPair } from "@x/pidfd";
 *
 * const sockets = socketPair();
 * const { uid, pid } = peerCredentials(sockets[0]);
 * console.log(uid === process.geteuid!(), pid === process.pid); // true true
 * sockets.forEach(closeDescriptor);
 * ```
 */
export function peerCredentials(socketFd: number): SocketCredentials {
  checkInteger("read a peer's credentials", "socketFd", socketFd, 0);
  checkUnix(socketFd, "getsockopt");
  const record = read(socketFd, new NativeRecord("PeerRecord"), 256);
  const credentials = credentialsFrom(record.numbers("who", 3));
  // A socket that listens has its own credentials in this place.
  const isListening = native().socket_option(socketFd, SO_ACCEPTCONN) === 1;
  if (isListening || credentials.uid === NOBODY) {
    throw failure({ errno: ENODATA, syscall: "getsockopt" });
  }
  const count = record.number("group_count");
  return count < 0 ? credentials : { ...credentials, groups: record.numbers("groups", count) };
}

type PeerRecord = NativeRecord<"PeerRecord">;

/** Reads again with more room where there are more groups than there is room for. */
function read(socketFd: number, record: PeerRecord, room: number): PeerRecord {
  record.set("group_count", room);
  check(native().peer_credentials(socketFd, record.bytes), "getsockopt");
  const count = record.number("group_count");
  if (count <= room) return record;
  const bytes = new Uint8Array(record.bytes.length + 4 * (count - 256));
  return read(socketFd, new NativeRecord("PeerRecord", bytes), count);
}

/** From the words of the kernel's `struct ucred`. */
export function credentialsFrom([pid, uid, gid]: readonly number[]): SocketCredentials {
  return pid === 0 ? { uid, gid } : { pid, uid, gid };
}

/**
 * Asks the kernel to say with each message that this socket receives what credentials the sender
 * had at the moment of sending: {@linkcode ReceivedMessage.credentials}. Ask before the message is
 * sent. {@linkcode passSender} does this too.
 *
 * They are the sender's real user and group. A sender may name its effective or saved ones instead;
 * with CAP_SETUID, CAP_SETGID or CAP_SYS_ADMIN over its namespace it may name any user, group or
 * pid. A setuid program that writes an error message into a socket that it was given as its
 * standard error is still the user who started it.
 *
 * Needs Linux 5.3. See SO_PASSCRED and SCM_CREDENTIALS in
 * {@link https://man7.org/linux/man-pages/man7/unix.7.html unix(7)}.
 *
 * @param socketFd A Unix socket's descriptor, an integer from 0 to 2147483647.
 * @param isWanted Whether to say it; true if left out.
 * @throws {TypeError} If an argument is of a wrong type.
 * @throws {RangeError} If `socketFd` is outside its range.
 * @throws {PidfdError} `EBADF` if the descriptor is not open, `ENOTSOCK` if it is no socket,
 * `EAFNOSUPPORT` if it is no Unix socket.
 *
 * @example Which user sent it?
 * ```ts
 * import { closeDescriptor, passCredentials, receiveMessage, sendMessage, socketPair } from "@x/pidfd";
 *
 * const [here, there] = socketPair("datagram");
 * passCredentials(there);
 * sendMessage(here, { data: new TextEncoder().encode("READY=1") });
 * const { credentials, descriptors } = receiveMessage(there)!;
 * descriptors.forEach(closeDescriptor); // nobody has asked for any
 * console.log(credentials?.uid === process.getuid!()); // true
 * closeDescriptor(here);
 * closeDescriptor(there);
 * ```
 */
export function passCredentials(socketFd: number, isWanted: boolean = true): void {
  const action = "ask for credentials";
  checkInteger(action, "socketFd", socketFd, 0);
  checkBoolean(action, "isWanted", isWanted);
  checkUnix(socketFd, "setsockopt");
  check(native().set_socket_option(socketFd, SO_PASSCRED, Number(isWanted)), "setsockopt");
}
