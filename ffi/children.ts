/**
 * What the runtime knows of the children of this process.
 *
 * @module
 */
import { runtime } from "./runtime.ts";

/**
 * How a runtime keeps the children that it has started, until it has reaped them: each by a pidfd
 * with O_NONBLOCK (Deno, Bun), or by a handle of the main thread's libuv loop (Node); null where it
 * is neither, or not known.
 */
export function childKeeping(): "pidfd" | "loop" | null {
  if (runtime.Deno || runtime.Bun) return "pidfd";
  // Its processes have loops of other kinds.
  return runtime.process.versions.electron === undefined ? "loop" : null;
}

/** Calls back when a child has ended, once for several; the answer takes that back. */
export function onChildSignal(listener: () => void): () => void {
  const { Deno } = runtime;
  if (Deno) {
    Deno.addSignalListener("SIGCHLD", listener);
    return () => Deno.removeSignalListener("SIGCHLD", listener);
  }
  runtime.process.on("SIGCHLD", listener);
  return () => runtime.process.off("SIGCHLD", listener);
}
