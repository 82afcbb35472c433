/**
 * Whether processes were born meanwhile.
 *
 * @module
 */
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";

const path = new NativeRecord("PathRecord");
const content = new NativeRecord("TextRecord");

/**
 * The pid that was given out last in this pid namespace, to a process or a thread: while it stays the same, nobody was born
 * here, nor in a namespace below. (But for one whose maker has chosen its pid, clone3(2) with set_tid, as restoring a checkpoint
 * does.) Null where it can't be read.
 */
export function lastBorn(): number | null {
  new TextEncoder().encodeInto("/proc/loadavg", path.bytes);
  if (native().read_file(path.bytes, content.bytes) < 0) return null;
  const last = content.text("bytes", content.number("length")).trim().split(" ").at(-1);
  return last === undefined || last === "" ? null : Number(last);
}
