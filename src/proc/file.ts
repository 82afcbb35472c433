/**
 * Reads a short file natively: Deno lets JavaScript open files of /proc only if everything is
 * allowed.
 *
 * @module
 */
import { makeSlot } from "../handle/descriptor.ts";
import { PATH_MAX } from "../kernel/arguments.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";

/** So much of a file is read at most, in bytes. */
export const MOST_BYTES = new NativeRecord("TextRecord").tail("bytes").length;

/** The text of a file, from its beginning; null where it can't be read. */
export function readText(path: string): string | null {
  const record = new NativeRecord("TextRecord");
  if (native().read_file(pathRecord(bytesOf(path)).bytes, record.bytes) < 0) return null;
  return record.text("bytes", record.number("length"));
}

/**
 * A path as it was read from /proc, a character for each byte; "" where it is too long to be one.
 */
export function bytesOf(path: string): Uint8Array {
  if (path.length > PATH_MAX) return new Uint8Array();
  return Uint8Array.from(path, (character) => character.charCodeAt(0));
}

/** A path for native functions. */
export type PathRecord = NativeRecord<"PathRecord">;

/** A record of a path of 4095 bytes at most. */
export function pathRecord(path: Uint8Array): PathRecord {
  const record = new NativeRecord("PathRecord");
  record.tail("bytes").set(path);
  record.set("slot", makeSlot());
  return record;
}
