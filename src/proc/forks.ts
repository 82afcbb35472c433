/**
 * How many processes and threads were ever forked.
 *
 * @module
 */
import { readText } from "./file.ts";

/**
 * How many the kernel has forked since boot, in whatever namespace (`processes` of proc_stat(5)):
 * while that stays so, nobody is new. Null where it can't be read, or comes too late in a long
 * file.
 */
export function countForks(): number | null {
  const line = /^processes ([1-9]\d*)$/m.exec(readText("/proc/stat") ?? "");
  return line ? Number(line[1]) : null;
}
