/**
 * What the runtimes give for time and for later, taken when this module is imported: a test that
 * puts its own clock or timers in their place afterwards means the program that it tests, and here
 * a wait would never end by them.
 *
 * @module
 */
import { runtime } from "./runtime.ts";

/**
 * What a global is now. Deno has timers behind getters, which take 7 ms when they are first called:
 * that is left for later.
 */
function taken<Name extends "setTimeout" | "clearTimeout">(
  name: Name,
): () => (typeof globalThis)[Name] {
  const property = Object.getOwnPropertyDescriptor(globalThis, name);
  if (property?.get) return () => property.get!.call(globalThis);
  const value = globalThis[name];
  return () => value;
}

const setTimer = taken("setTimeout");
const clearTimer = taken("clearTimeout");

/** Milliseconds by a clock that is never set. */
export const now: () => number = performance.now.bind(performance);

/** Calls back at the end of what runs now. */
export const soon: (action: () => void) => void = globalThis.queueMicrotask;

/**
 * Calls back once after so many milliseconds, which do not keep the program alive; the answer stops
 * it.
 */
export function startTimer(milliseconds: number, onTime: () => void): () => void {
  const timer: unknown = setTimer()(onTime, milliseconds);
  if (typeof timer === "object" && timer !== null) (timer as { unref(): void }).unref();
  else runtime.Deno?.unrefTimer(timer as number);
  return () => clearTimer()(timer as never);
}

/** Has the runtime report an error that nobody catches, once everybody else was called back. */
export function reportUncaught(error: unknown): void {
  setTimer()(() => {
    throw error;
  }, 0);
}
