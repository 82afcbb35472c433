/**
 * The parameters of a native function as `Deno.dlopen` and `bun:ffi` name them, which is the same
 * for both.
 *
 * @module
 */
import type { NativeName } from "./native.ts";
import { SYMBOLS } from "./symbols.ts";

/**
 * An integer of 32 bits, or a record as bytes. A plain loop, here and in the adapters: this runs
 * once, before any engine has made anything quick, and closures for each of forty functions would
 * take a quarter of a millisecond.
 */
export function parametersOf(name: NativeName): string[] {
  const parameters: string[] = [];
  for (const letter of SYMBOLS[name]) parameters.push(letter === "i" ? "i32" : "buffer");
  return parameters;
}
