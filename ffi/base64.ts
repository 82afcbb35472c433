/**
 * Base64 by the quickest means that a runtime has: `Uint8Array` itself in Deno, Bun and Node 25, `Buffer` in older Node.
 *
 * @module
 */
import { runtime } from "./runtime.ts";

interface FromBase64 {
  fromBase64?(text: string): Uint8Array;
}

/** The bytes that a text stands for. */
export function decoded(text: string): Uint8Array {
  const own = (Uint8Array as FromBase64).fromBase64?.(text);
  return own ?? runtime.Buffer!.from(text, "base64");
}
