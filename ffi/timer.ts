/**
 * A timer that does not keep the program alive, which each runtime spells in its own way.
 *
 * @module
 */
import { host } from "./host.ts";

/** Calls back once after so many milliseconds; the answer stops it. */
export function startTimer(milliseconds: number, onTime: () => void): () => void {
  const timer: unknown = setTimeout(onTime, milliseconds);
  if (typeof timer === "object" && timer !== null) (timer as { unref(): void }).unref();
  else host.Deno?.unrefTimer(timer as number);
  return () => clearTimeout(timer as never);
}
