/**
 * Calls the native library through `Deno.dlopen`. Needs `--allow-ffi`, or `--allow-ffi=PATH` for a given file.
 *
 * @module
 */
import { type DenoSymbol, host } from "./host.ts";
import { type LibC, openInMemory, openLibC } from "./memfd.ts";
import type { Adapter, Native, NativeName } from "./native.ts";
import { parametersOf } from "./parameters.ts";
import { listenByNodeSocket } from "./socket.ts";
import { SYMBOLS } from "./symbols.ts";

const LIBC_SYMBOLS: Record<keyof LibC, DenoSymbol> = {
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
};

type Bound = (...args: never[]) => number;

/**
 * Deno compiles a bridge for each symbol, a tenth of a millisecond, so each is bound at its first call. That needs glibc, which
 * gives a loaded library back by the name it was opened with; musl would look at the file again, which may be another by then.
 */
function open(path: string): Native {
  // An empty table, to hear at once when there is no such library.
  host.Deno!.dlopen(path, {});
  const names = Object.keys(SYMBOLS) as NativeName[];
  const isGlibc = host.Deno!.build.target.endsWith("gnu");
  const native: Record<string, Bound> = {};
  for (const name of names) {
    native[name] = isGlibc
      ? (...args) => (native[name] = bind(path, name))(...args)
      : bind(path, name);
  }
  return native as never;
}

function bind(path: string, name: NativeName): Bound {
  const parameters = parametersOf(name);
  const symbol = `pfd_${name}`;
  return host.Deno!.dlopen(path, { [symbol]: { parameters, result: "i32" } }).symbols[symbol];
}

function openBytes(bytes: Uint8Array, abi: number): Native {
  const bind = (name: string) => host.Deno!.dlopen(name, LIBC_SYMBOLS).symbols as never;
  return openInMemory(openLibC(bind), { bytes, abi, open });
}

/** The adapter for Deno. */
export const deno: Adapter = { open, openBytes, listen: listenByNodeSocket };
