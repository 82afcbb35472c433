/**
 * Base64 by the quickest means that a runtime has: `Uint8Array` itself in Deno, Bun and Node 25, `Buffer` in older Node.
 *
 * @module
 */
import { runtime } from "./runtime.ts";

interface FromBase64 {
  fromBase64?(text: string): Uint8Array;
}

interface ToBase64 {
  toBase64?(): string;
}

/** The bytes that a text stands for. */
export function decoded(text: string): Uint8Array {
  const own = (Uint8Array as FromBase64).fromBase64?.(text);
  return own ?? runtime.Buffer!.from(text, "base64");
}

/** The text that stands for bytes. */
export function encoded(bytes: Uint8Array): string {
  const own = (bytes as ToBase64).toBase64?.();
  return own ?? runtime.Buffer!.from(bytes).toString("base64");
}
