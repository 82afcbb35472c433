/**
 * The parameters of a native function as `Deno.dlopen` and `bun:ffi` name them, which is the same for both.
 *
 * @module
 */
import type { NativeName } from "./native.ts";
import { SYMBOLS } from "./symbols.ts";

/** An integer of 32 bits, or a record as bytes. */
export function parametersOf(name: NativeName): string[] {
  return SYMBOLS[name].split("").map((letter) => (letter === "i" ? "i32" : "buffer"));
}
