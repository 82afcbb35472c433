/** Serves its own user alone, and tells of each client's end: `who_connects.ts SOCKET`. */
import { createServer, type Socket } from "node:net";
import process from "node:process";
import { peerCredentials, Pidfd, socketDescriptor } from "../mod.ts";

const listening = Pidfd.self();
const me = listening.info().credentials?.euid;
listening.close();

async function serve(socket: Socket): Promise<void> {
  const fd = socketDescriptor(socket);
  // Of the moment of connecting: by now the client may run a program as another user.
  const { uid } = peerCredentials(fd);
  if (uid !== me) {
    console.log(`user ${uid} was refused`);
    return void socket.end();
  }
  const peer = Pidfd.peer(fd);
  const { name } = peer.info();
  console.log(`${name}, of user ${uid}, has connected`);
  await peer.exited;
  console.log(`${name} has ended`);
  peer.close();
}

const server = createServer((socket) => {
  socket.on("error", () => {});
  serve(socket);
  // Whatever a client says about itself is not needed for that.
  socket.resume();
});
server.listen(process.argv[2], () => console.log("ready"));
process.once("SIGTERM", () => server.close());
