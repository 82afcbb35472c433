/**
 * Looks at a library's file before it is loaded: the loader of the C library maps what the file's
 * headers promise, and where the file is shorter the whole program dies of SIGBUS. That it is of
 * this version, its ABI number tells once it is loaded.
 *
 * @module
 */
import { runtime } from "./runtime.ts";

/**
 * The bytes of a file; null where there is none, and undefined where they can't be had: a Deno that may load the file may not
 * therefore read it, and to ask could mean a prompt.
 */
export function readLibrary(path: string): Uint8Array | null | undefined {
  try {
    if (!runtime.Deno) return runtime.process.getBuiltinModule("node:fs").readFileSync(path);
    const { state } = runtime.Deno.permissions.querySync({ name: "read", path });
    return state === "granted" ? runtime.Deno.readFileSync(path) : undefined;
  } catch (error) {
    return (error as { code?: string }).code === "ENOENT" ? null : undefined;
  }
}

const PT_LOAD = 1;

/** Throws if the file ends before what its own program headers promise, elf(5). Whatever is no library the loader refuses itself. */
export function assertComplete(bytes: Uint8Array): void {
  if (bytes.length < 64 || String.fromCharCode(...bytes.subarray(1, 4)) !== "ELF") return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const is64 = bytes[4] === 2;
  const isLittle = bytes[5] === 1;
  const half = (at: number) => view.getUint16(at, isLittle);
  const word = (at: number) =>
    is64 ? Number(view.getBigUint64(at, isLittle)) : view.getUint32(at, isLittle);
  const start = word(is64 ? 32 : 28);
  const [entry, count] = is64 ? [half(54), half(56)] : [half(42), half(44)];
  let end = start + entry * count;
  for (let at = start; at < start + entry * count && end <= bytes.length; at += entry) {
    if (view.getUint32(at, isLittle) !== PT_LOAD) continue;
    end = Math.max(end, is64 ? word(at + 8) + word(at + 32) : word(at + 4) + word(at + 16));
  }
  if (end > bytes.length) throw new Error(`it is truncated: ${bytes.length} bytes, not ${end}`);
}
