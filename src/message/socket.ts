/**
 * Unix sockets by their descriptors: where to find one, and how to make a pair.
 *
 * @module
 */
import { fdOfSocket, wantedSocket } from "../../ffi/socket_object.ts";
import { checkOneOf, show } from "../kernel/arguments.ts";
import { AF_UNIX, EAFNOSUPPORT, INT_MAX, SO_DOMAIN } from "../kernel/constants.ts";
import { check, failure } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";

/**
 * The descriptor behind a socket object, which stays that object's: for {@linkcode Pidfd.peer},
 * {@linkcode sendMessage} and {@linkcode receiveMessage}. Takes Unix sockets and servers of
 * `node:net`, on every runtime, and those of `Bun.connect` and `Bun.listen`. A `Deno.Conn` tells no
 * descriptor: connect by `node:net` there.
 *
 * Where the runtime reads from the socket, it takes the messages, and what came with them is lost:
 * receive only on one that it has never read, such as those of {@linkcode socketPair}, or one that
 * was paused before it was connected: `createServer({ pauseOnConnect: true })`, or
 * `connect(…).pause()` at once. Paused later, it has begun to read.
 *
 * @throws {TypeError} If `socket` is none of these, is closed, or has no descriptor yet.
 * @throws {PidfdError} `ENOTSOCK` if what it tells is no socket.
 *
 * @example Who is at the other end
 * ```ts
 * import { connect, createServer } from "node:net";
 * import { Pidfd, socketFd } from "@x/pidfd";
 *
 * const server = createServer((socket) => {
 *   const peer = Pidfd.peer(socketFd(socket));
 *   console.log(peer.pid === process.pid); // true
 *   peer.close();
 *   socket.end();
 *   server.close();
 * });
 * server.listen(`\0pidfd-example-${process.pid}`, () => {
 *   connect(`\0pidfd-example-${process.pid}`).resume();
 * });
 * ```
 */
export function socketFd(socket: object): number {
  const fd = fdOfSocket(socket);
  if (typeof fd !== "number" || !Number.isInteger(fd) || fd < 0 || fd > INT_MAX) {
    const wanted = wantedSocket(socket);
    throw new TypeError(`Cannot find a socket's descriptor: ${wanted}: ${show(socket)}`);
  }
  check(native().socket_option(fd, SO_DOMAIN), "getsockopt");
  return fd;
}

/**
 * Makes sure that a descriptor is a Unix socket: others ignore descriptors that are sent with a
 * message.
 */
export function checkUnix(fd: number, syscall: string = "sendmsg"): void {
  const domain = check(native().socket_option(fd, SO_DOMAIN), "getsockopt");
  if (domain === AF_UNIX) return;
  throw failure({ errno: EAFNOSUPPORT, syscall, reason: "this is no Unix socket" });
}

/**
 * The kinds of Unix socket: a stream of bytes, messages that come whole, and the same over a
 * connection.
 */
export type SocketKind = "stream" | "datagram" | "seqpacket";

const KINDS: Readonly<Record<SocketKind, number>> = { stream: 1, datagram: 2, seqpacket: 5 };

/**
 * Makes two Unix sockets that are connected with each other, as plain descriptors that no event
 * loop reads: keep one, and let a child have the other (`stdio: ["inherit", "inherit", "inherit",
 * fd]` of `node:child_process`, which makes it the child's descriptor 3). Both are closed on exec,
 * and yours: {@linkcode closeFd}. See socketpair(2), unix(7).
 *
 * @param kind "stream" if left out.
 * @throws {TypeError} If `kind` is another one.
 * @throws {PidfdError} `EMFILE`, `ENFILE` or `ENOMEM` if there is no room for two more.
 */
export function socketPair(kind: SocketKind = "stream"): [number, number] {
  checkOneOf("make sockets", "kind", kind, Object.keys(KINDS));
  const record = new NativeRecord("PairRecord");
  check(native().socket_pair(KINDS[kind], record.bytes), "socketpair");
  return [record.number("first"), record.number("second")];
}
