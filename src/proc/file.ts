/**
 * Reads a short file natively: Deno lets JavaScript open files of /proc only if everything is
 * allowed.
 *
 * @module
 */
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";

/** So much of a file is read at most, in bytes. */
export const MOST_BYTES = new NativeRecord("TextRecord").tail("bytes").length;

/** The text of a file, from its beginning; null where it can't be read. */
export function readText(path: string): string | null {
  const record = new NativeRecord("TextRecord");
  if (native().read_file(bytesOf(path), record.bytes) < 0) return null;
  return record.text("bytes", record.number("length"));
}

/**
 * A path as it was read from /proc, a character for each byte; "" where it is too long to be one.
 */
export function bytesOf(path: string): Uint8Array {
  const { bytes } = new NativeRecord("PathRecord");
  if (path.length >= bytes.length) return bytes;
  for (let at = 0; at < path.length; at++) bytes[at] = path.charCodeAt(at);
  return bytes;
}
