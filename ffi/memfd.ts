/**
 * Loads bytes as a library without writing a file: they go into an anonymous file in memory (memfd_create(2)), which
 * dlopen(3) opens by its name under /proc. It works on read-only systems and leaves nothing behind.
 *
 * @module
 */

const MFD_CLOEXEC = 1;

/** The functions of the C library that this needs, as the runtime's FFI has bound them. */
export interface LibC {
  memfd_create(name: Uint8Array, flags: number): number;
  write(fd: number, bytes: Uint8Array, length: number): number;
  close(fd: number): number;
}

/** glibc, then musl by the names that its distributions give it. */
const LIBC_NAMES = ["libc.so.6", "libc.so", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Opens the C library by the first name that there is; throws the first failure when there is none. */
export function openLibC(open: (name: string) => LibC): LibC {
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

/** Puts `bytes` into memory, lets `open` load them by path, and gives the memory file's descriptor back. */
export function openInMemory<T>(libc: LibC, bytes: Uint8Array, open: (path: string) => T): T {
  const fd = libc.memfd_create(new TextEncoder().encode("pidfd\0"), MFD_CLOEXEC);
  if (fd < 0) throw new Error("memfd_create(2) failed");
  try {
    for (let done = 0; done < bytes.length;) {
      const rest = bytes.slice(done);
      const written = libc.write(fd, rest, rest.length);
      if (written <= 0) throw new Error("write(2) to a memory file failed");
      done += written;
    }
    return open(`/proc/self/fd/${fd}`);
  } finally {
    libc.close(fd);
  }
}
