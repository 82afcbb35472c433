/**
 * Ends the program.
 *
 * @module
 */
import { host, mayBeWorker } from "./host.ts";

/** Whether this thread is a Worker: then the runtimes' own way to exit ends the thread alone. */
export function isWorker(): boolean {
  if (host.Deno || host.Bun) return mayBeWorker();
  return !host.process.getBuiltinModule("node:worker_threads").isMainThread;
}

/** Exits with this code, after the listeners of the program's end were called. */
export function exitProgram(code: number): void {
  // In Deno the first use of `process` costs 20 ms.
  if (host.Deno) host.Deno.exit(code);
  else host.process.exit(code);
}
