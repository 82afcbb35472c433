/** Servers on Unix sockets that have a name and no file: nothing is left behind. */
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";

let count = 0;

/** A server that listens, its name without the zero, and the next socket that it accepts. */
export interface AbstractServer {
  readonly name: string;
  readonly server: Server;
  accept(): Promise<Socket>;
}

/** Starts one; its sockets stay open, and unread, when the other end has gone. */
export async function listen(): Promise<AbstractServer> {
  const name = `pidfd-test-${process.pid}-${count++}`;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(`\0${name}`);
  await once(server, "listening");
  return { name, server, accept: async () => (await once(server, "connection"))[0] };
}
