/** Waits for its own process, which outlives it, and says so. */
import { parentPort } from "node:worker_threads";
import { Pidfd } from "../../mod.ts";

const handle = Pidfd.self();
handle.wait();
// Not before it stands still: what a Worker opens in the moment of its end may stay.
setTimeout(() => parentPort!.postMessage(handle.isAlive()), 0);
