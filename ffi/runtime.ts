/**
 * The few things of the three runtimes that are used here, typed by hand: a runtime's own type
 * package would leak into every program that imports this module, and the three contradict each
 * other.
 *
 * @module
 */

type NativeFunction = (...args: (number | bigint | Uint8Array)[]) => number;

/** What `Deno.dlopen` and `bun:ffi`'s `dlopen` give back. */
export interface LoadedLibrary {
  readonly symbols: Record<string, NativeFunction>;
}

/** A line of Deno's symbol table. */
export interface DenoSymbol {
  parameters: string[];
  result: string;
}

/** A line of Bun's symbol table. */
export interface BunSymbol {
  args: string[];
  returns: string;
}

/** The part of `node:fs` that unpacking needs. */
export interface FileSystem {
  readonly constants: Readonly<Record<"O_RDONLY" | "O_DIRECTORY" | "O_NOFOLLOW", number>>;
  mkdtempSync(prefix: string): string;
  openSync(path: string, flags: number): number;
  fstatSync(fd: number): { uid: number; mode: number };
  closeSync(fd: number): void;
  writeFileSync(path: string, data: Uint8Array, options: { mode: number; flag: string }): void;
  readFileSync(path: string): Uint8Array;
  unlinkSync(path: string): void;
  rmdirSync(path: string): void;
}

/** The part of `node:net`'s socket that listening needs. */
export interface NodeSocket {
  on(event: "data", listener: (bytes: Uint8Array) => void): void;
  on(event: "error", listener: (error: unknown) => void): void;
  on(event: "end" | "close", listener: () => void): void;
  /** Begins to read. */
  read(length: 0): void;
  ref(): void;
  unref(): void;
  destroy(): void;
}

interface NodeSocketOptions {
  fd: number;
  onread?: { buffer: Uint8Array; callback(length: number): boolean };
}

/** Bun's socket. */
export interface BunSocket {
  ref(): void;
  unref(): void;
  terminate(): void;
}

interface BunNamespace {
  readonly version: string;
  readonly isMainThread: boolean;
  connect(options: {
    fd: number;
    socket: {
      open(socket: BunSocket): void;
      data(socket: BunSocket, bytes: Uint8Array): void;
      error(socket: BunSocket, error: unknown): void;
      connectError(): void;
      end(): void;
      close(): void;
    };
  }): Promise<BunSocket>;
}

/** The classes of `node:stream`, as far as they are made here. */
export interface StreamModule {
  Readable: StreamClass;
  Writable: StreamClass;
  Duplex: StreamClass;
}

interface StreamClass {
  new (options: object): object;
  toWeb(stream: object): unknown;
}

interface Process {
  readonly version: string;
  readonly platform: string;
  readonly arch: string;
  readonly env: Record<string, string | undefined>;
  on(event: "exit" | "SIGCHLD", listener: () => void): void;
  off(event: "SIGCHLD", listener: () => void): void;
  exit(code: number): void;
  readonly versions: Readonly<Record<string, string | undefined>>;
  /** Node, with `--permission`. */
  readonly permission?: { has(scope: "child"): boolean };
  geteuid(): number;
  getuid(): number;
  dlopen(module: { exports: unknown }, path: string): void;
  getBuiltinModule(name: "node:fs"): FileSystem;
  getBuiltinModule(name: "node:os"): { tmpdir(): string };
  getBuiltinModule(name: "node:worker_threads"): { readonly isMainThread: boolean };
  getBuiltinModule(name: "node:stream"): StreamModule;
  getBuiltinModule(name: "node:net"): { Socket: new (options: NodeSocketOptions) => NodeSocket };
  getBuiltinModule(name: "bun:ffi"): {
    dlopen(path: string, symbols: Record<string, BunSymbol>): LoadedLibrary;
  };
}

interface BufferConstructor {
  allocUnsafeSlow(size: number): Uint8Array;
  from(text: string, encoding: "base64"): Uint8Array;
  from(bytes: Uint8Array): { toString(encoding: "base64"): string };
}

interface DenoNamespace {
  readonly version: { readonly deno: string };
  readonly build: { readonly os: string; readonly arch: string; readonly target: string };
  dlopen(path: string, symbols: Record<string, DenoSymbol>): LoadedLibrary;
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  readFileSync(path: string): Uint8Array;
  unrefTimer(id: number): void;
  addSignalListener(signal: "SIGCHLD", listener: () => void): void;
  removeSignalListener(signal: "SIGCHLD", listener: () => void): void;
  permissions: {
    querySync(
      what:
        | { name: "env"; variable?: string }
        | { name: "read"; path: string }
        | { name: "ffi" }
        | { name: "run"; command?: string },
    ): { state: string; partial?: boolean };
  };
}

/**
 * The globals of whichever runtime this is. `process` exists in all three, but in Deno its first
 * use costs 20 ms, because the whole layer for Node is loaded then.
 */
export const runtime: {
  readonly process: Process;
  readonly Deno?: DenoNamespace;
  readonly Bun?: BunNamespace;
  readonly Buffer?: BufferConstructor;
} = globalThis as never;

/** The operating system, "linux" by each runtime's word. */
export function platform(): string {
  return runtime.Deno ? runtime.Deno.build.os : runtime.process.platform;
}

/** Whether this thread may end before its process does; asking Node would load a module of its. */
export function mayBeWorker(): boolean {
  return runtime.Deno
    ? "DedicatedWorkerGlobalScope" in globalThis
    : runtime.Bun?.isMainThread !== true;
}

/**
 * Whether a child's `signalCode` may be a signal that was only sent to it: Deno's
 * `node:child_process` sets it in `kill()`, keeps it whatever the child does then, and forgets its
 * exit code.
 */
export function setsSignalCodeEarly(): boolean {
  return runtime.Deno !== undefined;
}
