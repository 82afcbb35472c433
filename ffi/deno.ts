/**
 * Calls the native library through `Deno.dlopen`. Needs `--allow-ffi`, or `--allow-ffi=PATH` for a
 * given file.
 *
 * @module
 */
import { AT_SECURE } from "./auxiliary.ts";
import { type DenoSymbol, runtime } from "./runtime.ts";
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
 * Bound together, which saves a tenth of a millisecond each, at the first call of one of them: for
 * the first handle, for the first wait, for the first process, and for the first stream. The
 * permission may be revoked at any time: a handle that can't be closed then would leak, and a wait
 * that can't look never settle.
 */
const GROUPS: readonly (readonly NativeName[])[] = [
  [
    "abi",
    "open",
    "pid_of",
    "own_pid",
    "poll",
    "wait",
    "info",
    "track_fd",
    "close_tracked",
    "close",
  ],
  [
    "watcher_start",
    "watcher_stop",
    "watcher_add",
    "watcher_remove",
    "probe_exit_record",
  ],
  ["spawner_start", "spawn"],
  ["watcher_arm", "stream_read", "stream_write"],
];

const EPERM = -1;

/**
 * Deno compiles a bridge for each symbol, so most are bound at their first call. That needs glibc,
 * which gives a loaded library back by the name it was opened with; musl would look at the file
 * again, which may be another by then.
 */
function open(path: string): Native {
  // An empty table, to hear at once when there is no such library.
  runtime.Deno!.dlopen(path, {});
  const names = Object.keys(SYMBOLS) as NativeName[];
  const native: Record<string, Bound> = {};
  if (!runtime.Deno!.build.target.endsWith("gnu")) bind(native, path, names);
  else {
    for (const name of names) {
      native[name] = (...args) => {
        const group = GROUPS.find((group) => group.includes(name)) ?? [name];
        return isBound(native, path, group) ? native[name](...args) : EPERM;
      };
    }
  }
  return native as never;
}

/** False where Deno refuses it, because the permission was revoked since. */
function isBound(
  native: Record<string, Bound>,
  path: string,
  names: readonly NativeName[],
): boolean {
  try {
    bind(native, path, names);
    return true;
  } catch (error) {
    if ((error as Error).name === "NotCapable") return false;
    throw error;
  }
}

function bind(native: Record<string, Bound>, path: string, names: readonly NativeName[]): void {
  const table: Record<string, DenoSymbol> = {};
  for (const name of names) {
    table[`pfd_${name}`] = { parameters: parametersOf(name), result: "i32" };
  }
  const { symbols } = runtime.Deno!.dlopen(path, table);
  for (const name of names) native[name] = symbols[`pfd_${name}`];
}

function openBytes(bytes: Uint8Array, abi: number): Native {
  const bind = (name: string) => runtime.Deno!.dlopen(name, LIBC_SYMBOLS).symbols as never;
  return openInMemory(openLibC(bind), { bytes, abi, open });
}

/** Where Deno may load certain files alone, whoever started the program has named them to it. */
function isSecure(): boolean {
  if (runtime.Deno!.permissions.querySync({ name: "ffi" }).state !== "granted") return false;
  const table: Record<string, DenoSymbol> = {
    getauxval: { parameters: ["usize"], result: "usize" },
  };
  const { symbols } = openLibC((name) => runtime.Deno!.dlopen(name, table));
  return Number(symbols.getauxval(BigInt(AT_SECURE))) !== 0;
}

/** The adapter for Deno. */
export const deno: Adapter = { open, openBytes, isSecure, listen: listenByNodeSocket };
