/**
 * Reads a socket's descriptor by the event loop of Node and of Deno.
 *
 * @module
 */
import { host } from "./host.ts";
import type { Listening } from "./native.ts";

/**
 * As {@linkcode Adapter.listen}; the socket owns the descriptor. Node reads into one buffer, and past the machinery of
 * its streams; Deno has no such way.
 */
export function listenByNodeSocket(fd: number, onBytes: (bytes: Uint8Array) => void): Listening {
  const { Socket } = host.process.getBuiltinModule("node:net");
  const buffer = new Uint8Array(8192);
  const onread = {
    buffer,
    callback(length: number) {
      onBytes(buffer.subarray(0, length));
      return true;
    },
  };
  const socket = new Socket(host.Deno ? { fd } : { fd, onread });
  // The other end is the watcher's, which ends only after this one; there is nobody to tell of an error.
  socket.on("error", () => {});
  if (host.Deno) socket.on("data", onBytes);
  else socket.read(0);
  socket.unref();
  return socket;
}
