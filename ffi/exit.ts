/**
 * Ends the program.
 *
 * @module
 */
import { mayBeWorker, runtime } from "./runtime.ts";

/** Whether this thread is a Worker: then the runtimes' own way to exit ends the thread alone. */
export function isWorker(): boolean {
  if (runtime.Deno || runtime.Bun) return mayBeWorker();
  return !runtime.process.getBuiltinModule("node:worker_threads").isMainThread;
}

/** Exits with this code, after the listeners of the program's end were called. */
export function exitProgram(code: number): void {
  // `Deno.exit()` would not call the listeners of `process`.
  runtime.process.exit(code);
}
