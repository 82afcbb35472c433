/**
 * What starting a process needs of its runtime: its permission, its environment, its streams.
 *
 * @module
 */
import { runtime, type StreamModule } from "./runtime.ts";

/** Whether this program may start any command, this one alone, or not even this one. */
export function runPermission(command: string): "any" | "this" | "none" {
  if (!runtime.Deno) return runtime.process.permission?.has("child") === false ? "none" : "any";
  const { permissions } = runtime.Deno;
  const all = permissions.querySync({ name: "run" });
  // Some may be denied while all others are granted.
  if (all.state === "granted" && !all.partial) return "any";
  const { state } = permissions.querySync({ name: "run", command });
  return state === "granted" ? "this" : "none";
}

/** The variables of this thread; undefined where this program may not read them itself. */
export function environment(): Readonly<Record<string, string | undefined>> | undefined {
  if (!runtime.Deno) return runtime.process.env;
  const { state } = runtime.Deno.permissions.querySync({ name: "env" });
  return state === "granted" ? runtime.Deno.env.toObject() : undefined;
}

/** Loaded when the first stream is made: it takes milliseconds. */
export function streams(): StreamModule {
  return runtime.process.getBuiltinModule("node:stream");
}

/** Bytes that hold anything, where the runtime has such. */
export function allocate(size: number): Uint8Array {
  return runtime.Buffer?.allocUnsafeSlow(size) ?? new Uint8Array(size);
}
