/**
 * Whether this program runs with more rights than whoever started it: with a set-user-ID bit, or
 * with capabilities of its file. The kernel says so in the auxiliary vector, as AT_SECURE, and
 * ld.so(8) then ignores what the environment says of libraries.
 *
 * @module
 */
import { runtime } from "./runtime.ts";

/** The key of AT_SECURE, getauxval(3). */
export const AT_SECURE = 23;

const VECTOR = "/proc/self/auxv";

/**
 * For Node, which can't call getauxval(3): the kernel's own file. It belongs to root where the
 * program has more rights than its user, and its user may not read it then.
 */
export function isSecureByFile(): boolean {
  let bytes: Uint8Array;
  try {
    bytes = runtime.process.getBuiltinModule("node:fs").readFileSync(VECTOR);
  } catch (cause) {
    if ((cause as { code?: string }).code === "EACCES") return true;
    throw new Error(`whether this program runs with more rights is not known: ${cause}`, { cause });
  }
  const { buffer } = new Uint8Array(bytes);
  const words = runtime.process.arch === "arm"
    ? new Uint32Array(buffer)
    : new BigUint64Array(buffer);
  const at = Array.from(words, Number).findIndex((key, index) =>
    index % 2 === 0 && key === AT_SECURE
  );
  return at < 0 || Number(words[at + 1]) !== 0;
}
