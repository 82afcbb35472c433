/**
 * Reads a socket's descriptor by the event loop of Node and of Deno.
 *
 * @module
 */
import { host } from "./host.ts";
import type { Listening } from "./native.ts";

/** As {@linkcode Adapter.listen}; the socket owns the descriptor. */
export function listenByNodeSocket(fd: number, onBytes: (bytes: Uint8Array) => void): Listening {
  const { Socket } = host.process.getBuiltinModule("node:net");
  const socket = new Socket({ fd });
  // The other end is the watcher's, which ends only after this one; there is nobody to tell of an error.
  socket.on("error", () => {});
  socket.on("data", onBytes);
  socket.unref();
  return socket;
}
