/**
 * Calls the native library through `Deno.dlopen`. Needs `--allow-ffi`, or `--allow-ffi=PATH` for a given file.
 *
 * @module
 */
import { type DenoSymbol, host } from "./host.ts";
import { type LibC, openInMemory, openLibC } from "./memfd.ts";
import type { Adapter, Native } from "./native.ts";
import { listenByNodeSocket } from "./socket.ts";
import { SYMBOLS } from "./symbols.ts";

const LIBC_SYMBOLS: Record<keyof LibC, DenoSymbol> = {
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
};

function nativeSymbols(): Record<string, DenoSymbol> {
  const table: Record<string, DenoSymbol> = {};
  for (const [name, kinds] of Object.entries(SYMBOLS)) {
    const parameters = kinds.map((kind) => (kind === "i32" ? "i32" : "buffer"));
    table[`pfd_${name}`] = { parameters, result: "i32" };
  }
  return table;
}

function open(path: string): Native {
  // Deno prepares the whole table, about a millisecond, before it finds that there is no such file.
  host.Deno!.dlopen(path, {});
  const { symbols } = host.Deno!.dlopen(path, nativeSymbols());
  const entries = Object.keys(SYMBOLS).map((name) => [name, symbols[`pfd_${name}`]]);
  return Object.fromEntries(entries);
}

function openBytes(bytes: Uint8Array): Native {
  const bind = (name: string) => host.Deno!.dlopen(name, LIBC_SYMBOLS).symbols as never;
  return openInMemory(openLibC(bind), bytes, open);
}

/** The adapter for Deno. */
export const deno: Adapter = { open, openBytes, listen: listenByNodeSocket };
