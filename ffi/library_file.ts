/**
 * Looks at a library's file before it is loaded: the loader of the C library maps what is there, and where something is
 * missing the whole program dies of SIGBUS, or of worse where something is wrong.
 *
 * @module
 */
import { encoded } from "./base64.ts";
import { runtime } from "./runtime.ts";

/** What is known of the right file; its bytes are "" where the package has it as a file alone. */
export interface Known {
  readonly size: number;
  readonly checksum: number;
  readonly base64: string;
}

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

/** Throws unless it is the file that belongs to this version. */
export function assertKnown(bytes: Uint8Array, path: string, known: Known): void {
  const { length } = bytes;
  if (length === known.size && isSame(bytes, known)) return;
  const found = length === known.size ? "other bytes" : `${length} bytes, not ${known.size}`;
  throw new Error(
    `the library beside the module is damaged, or of another version or CPU: ${path} has ${found}: ` +
      "install the package again",
  );
}

/** To compare with the embedded bytes takes a tenth of the time that the checksum takes. */
function isSame(bytes: Uint8Array, { base64, checksum }: Known): boolean {
  return base64 === "" ? checksumOf(bytes) === checksum : encoded(bytes) === base64;
}

/**
 * As zig/tools/emit.zig computes it: it is told apart from every file with one wrong word. Not against malice: who can change this
 * file can change that one. Words in the order of the CPU, because that takes a quarter of the time.
 */
function checksumOf(bytes: Uint8Array): number {
  const words = new Int32Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 2);
  let sum = 0x811c9dc5 | 0;
  for (let index = 0; index < words.length; index++) {
    sum = Math.imul(sum ^ words[index], 16777619);
    sum ^= sum >>> 15;
  }
  return sum >>> 0;
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
