/**
 * Calls the native library through `bun:ffi`.
 *
 * @module
 */
import { AT_SECURE } from "./auxiliary.ts";
import { type BunSocket, type BunSymbol, runtime } from "./runtime.ts";
import { type LibC, openInMemory, openLibC } from "./memfd.ts";
import type { Adapter, Listening, Native, NativeName, SocketListener } from "./native.ts";
import { parametersOf } from "./parameters.ts";
import { SYMBOLS } from "./symbols.ts";

const LIBC_SYMBOLS: Record<keyof LibC, BunSymbol> = {
  memfd_create: { args: ["buffer", "u32"], returns: "i32" },
  write: { args: ["i32", "buffer", "usize"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
};

const NAMES = Object.keys(SYMBOLS) as NativeName[];

function nativeSymbols(): Record<string, BunSymbol> {
  const table: Record<string, BunSymbol> = {};
  for (const name of NAMES) table[`pfd_${name}`] = { args: parametersOf(name), returns: "i32" };
  return table;
}

/** `bun:ffi` is fetched when it is needed: a static import of it would stop the other runtimes. */
function dlopen(path: string, symbols: Record<string, BunSymbol>) {
  return runtime.process.getBuiltinModule("bun:ffi").dlopen(path, symbols).symbols;
}

function open(path: string): Native {
  const symbols = dlopen(path, nativeSymbols());
  const native: Record<string, unknown> = {};
  for (const name of NAMES) native[name] = symbols[`pfd_${name}`];
  return native as never;
}

function openBytes(bytes: Uint8Array, abi: number): Native {
  const bind = (name: string) => dlopen(name, LIBC_SYMBOLS) as never;
  return openInMemory(openLibC(bind), { bytes, abi, open });
}

function isSecure(): boolean {
  const table: Record<string, BunSymbol> = { getauxval: { args: ["u64"], returns: "u64" } };
  const { getauxval } = openLibC((name) => dlopen(name, table));
  return Number(getauxval(BigInt(AT_SECURE))) !== 0;
}

/** Bun's `net.Socket` takes a descriptor and then delivers nothing, so its own call it is. */
function listen(fd: number, { onBytes, onEnd, onRefused }: SocketListener): Listening {
  let isHolding = false;
  let isClosed = false;
  let opened: BunSocket | undefined;
  const apply = () => isHolding ? opened?.ref() : opened?.unref();
  const socket = {
    open(socket: BunSocket) {
      opened = socket;
      if (isClosed) socket.terminate();
      else apply();
    },
    data: (_: BunSocket, bytes: Uint8Array) => onBytes(bytes),
    error: (_: BunSocket, error: unknown) => onEnd(error),
    connectError() {},
    end: () => onEnd(),
    close: () => onEnd(),
  };
  // Older Bun, 1.3.8 among it, forgets an unref() that comes while the socket opens. Where its event
  // loop can't take the socket, Bun leaves it open.
  runtime.Bun!.connect({ fd, socket }).then(apply, onRefused);
  const hold = (isWanted: boolean) => {
    isHolding = isWanted;
    apply();
  };
  const close = () => {
    isClosed = true;
    opened?.terminate();
  };
  return { ref: () => hold(true), unref: () => hold(false), close };
}

/** The adapter for Bun. */
export const bun: Adapter = { open, openBytes, isSecure, listen };
