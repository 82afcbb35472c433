/**
 * Reads a socket's descriptor by the event loop of Node and of Deno.
 *
 * @module
 */
import { type NodeSocket, runtime } from "./runtime.ts";
import type { Listening, SocketListener } from "./native.ts";
import { tooOld } from "./oldest.ts";

/**
 * As {@linkcode Adapter.listen}. Node reads into one buffer, and past the machinery of its streams;
 * Deno has no such way.
 */
export function listenByNodeSocket(fd: number, listener: SocketListener): Listening {
  const { Socket } = runtime.process.getBuiltinModule("node:net");
  const buffer = new Uint8Array(8192);
  const onread = {
    buffer,
    callback(length: number) {
      listener.onBytes(buffer.subarray(0, length));
      return true;
    },
  };
  const socket = runtime.Deno ? openInDeno(Socket, fd) : new Socket({ fd, onread });
  try {
    hear(socket, listener);
  } catch (error) {
    // The socket owns the descriptor by now.
    listener.onEnd(error);
  }
  return {
    ref: () => socket.ref(),
    unref: () => socket.unref(),
    close: () => socket.destroy(),
  };
}

/** Deno before 2.7.12 takes no descriptor, and says so in words alone. */
function openInDeno(Socket: new (options: { fd: number }) => NodeSocket, fd: number): NodeSocket {
  try {
    return new Socket({ fd });
  } catch (cause) {
    throw String(cause).includes("Not implemented") ? tooOld(cause) : cause;
  }
}

/**
 * Somebody may destroy the socket: a helper that ends a program does so with all that keeps it
 * alive.
 */
function hear(socket: NodeSocket, { onBytes, onEnd }: SocketListener): void {
  socket.on("error", onEnd);
  socket.on("end", () => onEnd());
  socket.on("close", () => onEnd());
  if (runtime.Deno) socket.on("data", onBytes);
  else socket.read(0);
  socket.unref();
}
