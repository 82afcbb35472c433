/**
 * The memory of another process: taken from one that is being killed, or given advice about.
 *
 * @module
 */
import type { Handle } from "../handle/handle.ts";
import { checkInteger, checkOneOf, show } from "../kernel/arguments.ts";
import { ESRCH } from "../kernel/constants.ts";
import { check } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";

/**
 * What can be advised about the memory of another process, by madvise(2)'s names without MADV_:
 * COLD (page it out sooner), PAGEOUT (page it out now), WILLNEED (read it in, Linux 5.15), and
 * COLLAPSE (make huge pages of it, Linux 6.1).
 */
export type MemoryAdvice = "COLD" | "PAGEOUT" | "WILLNEED" | "COLLAPSE";

/** A range of a process's addresses, as a line of /proc/PID/maps has it. */
export interface MemoryRange {
  /** The first address, on the boundary of a page: an integer from 0 to 2**64 - 1. */
  readonly start: number | bigint;
  /**
   * The size in bytes: an integer from 0 to 2**64 - 1, which the kernel rounds up to whole pages.
   */
  readonly length: number | bigint;
}

const ADVICE: Readonly<Record<MemoryAdvice, number>> = {
  WILLNEED: 3,
  COLD: 20,
  PAGEOUT: 21,
  COLLAPSE: 25,
};

/** Takes the memory of a process that is being killed; false if it has none any more. */
export function releaseMemoryOf(handle: Handle): boolean {
  const result = native().release_memory(handle.fd);
  if (result === ESRCH) return false;
  check(result, "process_mrelease", handle.knownPid);
  return true;
}

/** More at once would not fit into the kernel's answer. */
const MOST_AT_ONCE = 1n << 30n;

/** Gives the advice about each range; how many bytes it was given about. */
export function adviseMemoryOf(
  handle: Handle,
  advice: MemoryAdvice,
  ranges: MemoryRange | readonly MemoryRange[],
): number {
  checkOneOf(ACTION, "advice", advice, Object.keys(ADVICE));
  const checked = checkRanges(ranges);
  const { fd } = handle;
  let total = 0;
  for (const { start, length } of piecesOf(checked)) {
    const result = advise(fd, ADVICE[advice], start, length);
    // As the call itself does with several ranges: an error after a beginning shows as a smaller
    // count.
    if (result < 0 && total > 0) return total;
    total += check(result, "process_madvise", handle.knownPid);
    if (BigInt(result) < length) return total;
  }
  return total;
}

const ACTION = "advise on memory";

interface Piece {
  start: bigint;
  length: bigint;
}

function checkRanges(ranges: MemoryRange | readonly MemoryRange[]): Piece[] {
  const list = Array.isArray(ranges) ? ranges : [ranges];
  // Holes included, which map() would pass over.
  return Array.from(list, (range) => {
    if (typeof range !== "object" || range === null) {
      throw new TypeError(`Cannot ${ACTION}: a range must be an object: ${show(range)}`);
    }
    return {
      start: checkAddress("start", range.start),
      length: checkAddress("length", range.length),
    };
  });
}

function checkAddress(name: string, value: unknown): bigint {
  if (typeof value !== "bigint") {
    return BigInt(checkInteger(ACTION, name, value, 0, Number.MAX_SAFE_INTEGER));
  }
  if (value >= 0n && value < 1n << 64n) return value;
  const wanted = "an integer from 0 to 18446744073709551615";
  throw new RangeError(`Cannot ${ACTION}: "${name}" must be ${wanted}: ${show(value)}`);
}

function* piecesOf(ranges: Piece[]): Generator<Piece> {
  for (const { start, length } of ranges) {
    for (let done = 0n; done < length || done === 0n; done += MOST_AT_ONCE) {
      const rest = length - done;
      yield { start: start + done, length: rest < MOST_AT_ONCE ? rest : MOST_AT_ONCE };
    }
  }
}

const record = new NativeRecord("AdviceRecord");

function advise(fd: number, advice: number, start: bigint, length: bigint): number {
  record.set("start", start);
  record.set("length", length);
  record.set("advice", advice);
  return native().advise_memory(fd, record.bytes);
}
