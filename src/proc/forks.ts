/**
 * How many processes and threads were ever forked.
 *
 * @module
 */
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";

const path = new NativeRecord("PathRecord");
const content = new NativeRecord("TextRecord");

/**
 * How many the kernel has forked since boot, in whatever namespace (`processes` of proc_stat(5)):
 * while that stays so, nobody is new. Null where it can't be read, or comes too late in a long
 * file.
 */
export function countForks(): number | null {
  new TextEncoder().encodeInto("/proc/stat", path.bytes);
  if (native().read_file(path.bytes, content.bytes) < 0) return null;
  const line = /^processes ([1-9]\d*)$/m.exec(content.text("bytes", content.number("length")));
  return line ? Number(line[1]) : null;
}
