/**
 * Hands a worker that runs from one program to the next: `hand_over.ts give SOCKET COMMAND…` starts
 * it and ends, `hand_over.ts take SOCKET`, which must be there before, goes on with it.
 */
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import process from "node:process";
import { closeFd, Pidfd, sendMessage, socketFd, socketPair, waitForMessage } from "../mod.ts";

/**
 * The old program: starts the worker, whose input and output are a socket, and sends its handle and
 * the socket's other end.
 */
function give(path: string, [command, ...args]: string[]): void {
  const [ours, theirs] = socketPair();
  const child = spawn(command, args, { stdio: [theirs, theirs, "inherit"] });
  const worker = Pidfd.of(child);
  child.unref();
  const socket = connect(path, () => {
    sendMessage(socketFd(socket), { descriptors: [worker.fd, ours] });
    socket.end();
    // The receiver has duplicates of all of them by now.
    worker.close();
    [ours, theirs].forEach(closeFd);
  });
}

/** The new program: receives them, and talks with the worker as if it had started it. */
function take(path: string): void {
  // Paused, because what a runtime reads arrives without the descriptors.
  const server = createServer({ pauseOnConnect: true }, async (socket) => {
    server.close();
    const { descriptors } = await waitForMessage(socketFd(socket), { timeoutMs: 5000 });
    socket.destroy();
    if (descriptors.length !== 2) throw new Error("nothing was handed over");
    const [pidfd, connection] = descriptors;
    await goOn(Pidfd.fromFd(pidfd), connection);
  });
  server.listen(path, () => console.log("ready"));
}

async function goOn(worker: Pidfd, connection: number): Promise<void> {
  console.log(`took over ${worker.info().name}`);
  sendMessage(connection, { data: new TextEncoder().encode("are you there?\n") });
  const { data } = await waitForMessage(connection, { timeoutMs: 5000 });
  console.log(`it says: ${new TextDecoder().decode(data).trim()}`);
  // The end of its input.
  closeFd(connection);
  await worker.exited;
  console.log("it has ended");
  worker.close();
}

const [role, path, ...command] = process.argv.slice(2);
if (role === "give") give(path, command);
else take(path);
