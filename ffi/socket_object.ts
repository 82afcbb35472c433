/**
 * What the socket objects of the runtimes show of their descriptors.
 *
 * @module
 */

/** A socket of `node:net`, which each runtime has, or one of `Bun.connect` and `Bun.listen`. */
interface AnySocket {
  /** `node:net`: null once it is closed. */
  readonly _handle?: { readonly fd?: unknown } | null;
  /** Bun. */
  readonly fd?: unknown;
}

/** What stands where a socket object has its descriptor: anything where it has none. */
export function fdOfSocket(socket: unknown): unknown {
  const { _handle, fd = _handle?.fd } = (socket ?? {}) as AnySocket;
  return fd;
}

/** What to use in the place of an object that has none. */
export function wantedSocket(socket: unknown): string {
  // Deno's own have these, and no descriptor.
  const isDenos = socket instanceof Object && ("localAddr" in socket || "addr" in socket);
  return isDenos
    ? "Deno's own sockets tell none: use node:net"
    : "it must be a Unix socket of node:net or Bun, and open";
}
