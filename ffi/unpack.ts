/**
 * Loads bytes as a library through a file, for Node, which has no other way. The file lies in a new directory that
 * only this user may enter (mkdtemp(3) makes it 0700 under a name that nobody could have placed before), is read back
 * and compared before it is used, and both are removed before this returns: a mapped library needs no name.
 *
 * @module
 */
import { type FileSystem, host } from "./host.ts";

/** Loads `bytes` from a file in the first directory that takes and runs it. */
export function openUnpacked<T>(bytes: Uint8Array, open: (path: string) => T): T {
  const fs = host.process.getBuiltinModule("node:fs");
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
  return [host.process.getBuiltinModule("node:os").tmpdir(), "/dev/shm", "/run"];
}

function openIn<T>(
  fs: FileSystem,
  parent: string,
  bytes: Uint8Array,
  open: (path: string) => T,
): T {
  const directory = fs.mkdtempSync(`${parent}/pidfd-`);
  const path = `${directory}/pidfd.node`;
  try {
    fs.writeFileSync(path, bytes, { mode: 0o500, flag: "wx" });
    try {
      if (!isSame(bytes, fs.readFileSync(path))) throw new Error(`${path} is not what was written`);
      return open(path);
    } finally {
      fs.unlinkSync(path);
    }
  } finally {
    fs.rmdirSync(directory);
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
