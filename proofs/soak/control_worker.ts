/** Does nothing, and says so. */
import { parentPort } from "node:worker_threads";

setTimeout(() => parentPort!.postMessage(true), 0);
