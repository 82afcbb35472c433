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

/** What every program calls for its first handle: to bind them together saves a tenth of a millisecond each. */
const FIRST: readonly NativeName[] = ["abi", "open", "pid_of"];

/**
 * Deno compiles a bridge for each symbol, a tenth of a millisecond, so most are bound at their first call. That needs glibc, which
 * gives a loaded library back by the name it was opened with; musl would look at the file again, which may be another by then.
 */
function open(path: string): Native {
  // An empty table, to hear at once when there is no such library.
  host.Deno!.dlopen(path, {});
  const names = Object.keys(SYMBOLS) as NativeName[];
  const native: Record<string, Bound> = {};
  if (!host.Deno!.build.target.endsWith("gnu")) bind(native, path, names);
  else {
    for (const name of names) {
      native[name] = (...args) => {
        bind(native, path, FIRST.includes(name) ? FIRST : [name]);
        return native[name](...args);
      };
    }
  }
  return native as never;
}

function bind(native: Record<string, Bound>, path: string, names: readonly NativeName[]): void {
  const table: Record<string, DenoSymbol> = {};
  for (const name of names) {
    table[`pfd_${name}`] = { parameters: parametersOf(name), result: "i32" };
  }
  const { symbols } = host.Deno!.dlopen(path, table);
  for (const name of names) native[name] = symbols[`pfd_${name}`];
}

function openBytes(bytes: Uint8Array, abi: number): Native {
  const bind = (name: string) => host.Deno!.dlopen(name, LIBC_SYMBOLS).symbols as never;
  return openInMemory(openLibC(bind), { bytes, abi, open });
}

/** The adapter for Deno. */
export const deno: Adapter = { open, openBytes, listen: listenByNodeSocket };
