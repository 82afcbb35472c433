/** Tells of each process that connects to a Unix socket who it is, and when it ends: `who_connects.ts SOCKET`. */
import { createServer } from "node:net";
import process from "node:process";
import { Pidfd, socketDescriptor } from "../mod.ts";

async function tell(peer: Pidfd): Promise<void> {
  // The handle came first, so that what is read now is true of the one who connected, or absent.
  const { name, credentials } = peer.info();
  console.log(`${name}, user ${credentials?.euid}, has connected`);
  await peer.exited;
  console.log(`${name} has ended`);
  peer.close();
}

const server = createServer((socket) => {
  tell(Pidfd.peer(socketDescriptor(socket)));
  // Whatever a client says about itself is not needed for that.
  socket.resume();
  socket.on("error", () => {});
});
server.listen(process.argv[2], () => console.log("ready"));
process.once("SIGTERM", () => server.close());
