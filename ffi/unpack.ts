/**
 * Loads bytes as a library through a file, for Node, which has no other way. The file lies in a new directory that
 * only this user may enter (mkdtemp(3) makes it 0700 under a name that nobody could have placed before), and both are removed before this returns: a mapped library needs no name.
 *
 * The directory above may belong to somebody who puts another one in its place at any moment. So ours is opened, looked
 * at, and from then on reached by its descriptor alone.
 *
 * @module
 */
import { type FileSystem, runtime } from "./runtime.ts";

/** Loads `bytes` from a file in the first directory that takes and runs it. */
export function openUnpacked<T>(bytes: Uint8Array, open: (path: string) => T): T {
  const fs = runtime.process.getBuiltinModule("node:fs");
  const failures: unknown[] = [];
  for (const parent of parents()) {
    try {
      return openIn(fs, parent, bytes, open);
    } catch (error) {
      failures.push(error);
    }
  }
  const reasons = failures.map((failure) => (failure as Error).message).join("; ");
  throw new Error(`no directory takes the library: ${reasons}`);
}

/** /dev/shm is there when the temporary directory is read-only, or mounted so that nothing in it may be run. */
function parents(): string[] {
  return [runtime.process.getBuiltinModule("node:os").tmpdir(), "/dev/shm", "/run"];
}

function openIn<T>(
  fs: FileSystem,
  parent: string,
  bytes: Uint8Array,
  open: (path: string) => T,
): T {
  const directory = fs.mkdtempSync(`${parent}/pidfd-`);
  let fd: number | undefined;
  try {
    fd = openOwn(fs, directory);
    // A name of its own, because glibc takes what was once loaded by the same one for the same library.
    return openFile(fs, `/proc/self/fd/${fd}/${nameOf(directory)}.node`, bytes, open);
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
    removeEmpty(fs, directory);
  }
}

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** Opens the directory, which must be one, and be ours, and be closed to everybody else. */
function openOwn(fs: FileSystem, directory: string): number {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  const fd = fs.openSync(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const { uid, mode } = fs.fstatSync(fd);
  if (uid === runtime.process.geteuid() && (mode & 0o077) === 0) return fd;
  fs.closeSync(fd);
  throw new Error(`${directory} is not the private directory that was made`);
}

/** A file or a link that is there already is refused ("wx"), and stays. */
function openFile<T>(
  fs: FileSystem,
  path: string,
  bytes: Uint8Array,
  open: (path: string) => T,
): T {
  fs.writeFileSync(path, bytes, { mode: 0o500, flag: "wx" });
  try {
    return open(path);
  } finally {
    fs.unlinkSync(path);
  }
}

/** What is not empty is not ours alone: then it stays, and what is told is why the library was not loaded. */
function removeEmpty(fs: FileSystem, directory: string): void {
  try {
    fs.rmdirSync(directory);
  } catch (error) {
    const { code } = error as { code?: string };
    if (!["ENOTEMPTY", "ENOENT", "ENOTDIR", "EPERM"].includes(code ?? "")) throw error;
  }
}
