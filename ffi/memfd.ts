/**
 * Loads bytes as a library without writing a file: they go into an anonymous file in memory (memfd_create(2)), which
 * dlopen(3) opens by its name under /proc. It works on read-only systems and leaves nothing behind.
 *
 * @module
 */
import type { Native } from "./native.ts";

const MFD_CLOEXEC = 1;

/** "pidfd", and a zero. */
const NAME = Uint8Array.of(112, 105, 100, 102, 100, 0);

/** The functions of the C library that this needs, as the runtime's FFI has bound them. */
export interface LibC {
  memfd_create(name: Uint8Array, flags: number): number;
  write(fd: number, bytes: Uint8Array, length: number): number;
  close(fd: number): number;
}

/** glibc, then musl by the names that its distributions give it. */
const LIBC_NAMES = ["libc.so.6", "libc.so", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Opens the C library by the first name that there is; throws the first failure when there is none. */
export function openLibC<T>(open: (name: string) => T): T {
  let first: unknown;
  for (const name of LIBC_NAMES) {
    try {
      return open(name);
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

/**
 * How often a number may turn out to be taken: glibc gives back whatever was loaded by the same name before, which is the
 * library of another version of this module if that one had the same number for its memory file.
 */
const MAX_TRIES = 16;

/** A library as bytes, the ABI number that it answers, and how the runtime loads it by a path. */
export interface InMemory {
  bytes: Uint8Array;
  abi: number;
  open(path: string): Native;
}

/**
 * A spelling that is nobody else's. glibc keeps the name by which a library was loaded, and gives
 * that library to whoever loads by the same name later: another package that loads a memory file of
 * its own from `/proc/self/fd/` would get ours once the numbers are the same.
 */
const FOLDER = "/proc/self/./fd/./";

/** Puts the bytes into memory, loads them, and gives the memory file's descriptor back. */
export function openInMemory(libc: LibC, library: InMemory, tries: number = MAX_TRIES): Native {
  const fd = libc.memfd_create(NAME, MFD_CLOEXEC);
  if (fd < 0) throw new Error("memfd_create(2) failed");
  try {
    write(libc, fd, library.bytes);
    const path = `${FOLDER}${fd}`;
    const native = tries === 1 ? library.open(path) : openOwn(library, path);
    if (native) return native;
    // This number is kept until the next one is found, so that it is another.
    return openInMemory(libc, library, tries - 1);
  } finally {
    libc.close(fd);
  }
}

/** Undefined where another library has this name. It may lack functions: Bun hears of that at once, Deno at a call. */
function openOwn({ open, abi }: InMemory, path: string): Native | undefined {
  try {
    const native = open(path);
    return native.abi() === abi ? native : undefined;
  } catch {
    return undefined;
  }
}

function write(libc: LibC, fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const rest = bytes.slice(done);
    const written = libc.write(fd, rest, rest.length);
    if (written <= 0) throw new Error("write(2) to a memory file failed");
    done += written;
  }
}
