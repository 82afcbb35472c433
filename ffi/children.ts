/**
 * What the runtime knows of the children of this process.
 *
 * @module
 */
import { host } from "./host.ts";

/**
 * How a runtime keeps the children that it has started, until it has reaped them: each by a pidfd
 * with O_NONBLOCK (Deno, Bun), or by a handle of the main thread's libuv loop (Node); null where it
 * is neither, or not known.
 */
export function childKeeping(): "pidfd" | "loop" | null {
  if (host.Deno || host.Bun) return "pidfd";
  // Its processes have loops of other kinds.
  return host.process.versions.electron === undefined ? "loop" : null;
}

/** Calls back when a child has ended, once for several; the answer takes that back. */
export function onChildSignal(listener: () => void): () => void {
  const { Deno } = host;
  if (Deno) {
    Deno.addSignalListener("SIGCHLD", listener);
    return () => Deno.removeSignalListener("SIGCHLD", listener);
  }
  host.process.on("SIGCHLD", listener);
  return () => host.process.off("SIGCHLD", listener);
}
