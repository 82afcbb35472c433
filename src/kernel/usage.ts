/**
 * What a child used up in its life, as the kernel counted it.
 *
 * @module
 */
import type { NativeRecord } from "./record.ts";

/**
 * What a process used up, together with those of its own children that it had waited for. See
 * {@link https://man7.org/linux/man-pages/man2/getrusage.2.html getrusage(2)}.
 */
export interface ResourceUsage {
  /** Time on a CPU in the program itself. */
  readonly userMicroseconds: number;
  /** Time on a CPU in the kernel. */
  readonly systemMicroseconds: number;
  /**
   * The most memory that the largest of these processes ever had in use. A runtime that starts a program without a copy of
   * its own memory (vfork) leaves its own size there, where that is larger.
   */
  readonly maxResidentBytes: number;
  /** Page faults that needed no input. */
  readonly minorPageFaults: number;
  /** Page faults that had to read from a disk. */
  readonly majorPageFaults: number;
  /** What was read from disks, in blocks of 512 bytes. */
  readonly blocksRead: number;
  /** What was written to disks, in blocks of 512 bytes. */
  readonly blocksWritten: number;
  /** How often it gave up the CPU by itself, to wait for something. */
  readonly voluntaryContextSwitches: number;
  /** How often the CPU was taken from it. */
  readonly involuntaryContextSwitches: number;
}

/** What a process has used until now, and has in memory. */
export interface ProcessUsage {
  /** Time on a CPU in the program itself, of all of its threads; the kernel reports hundredths of a second. */
  readonly userMicroseconds: number;
  /** Time on a CPU in the kernel, likewise. */
  readonly systemMicroseconds: number;
  /** What it has in memory now (resident set size), shared pages included; some 100 KB may be missing. */
  readonly residentBytes: number;
}

/** A clock tick of /proc/PID/stat. */
const TICK_US = 10_000;

/** The usage in a record that was read from /proc/PID/stat. */
export function usageUntilNow(
  record: NativeRecord<"ProcessRecord"> | NativeRecord<"DescriptionRecord">,
  pageSize: number,
): ProcessUsage {
  return {
    userMicroseconds: Number(record.bigint("user_ticks")) * TICK_US,
    systemMicroseconds: Number(record.bigint("system_ticks")) * TICK_US,
    residentBytes: Number(record.bigint("resident_pages")) * pageSize,
  };
}

/** The usage in a record that waitid(2) filled. None of these counts comes near 2^53. */
export function usageOf(record: NativeRecord<"WaitRecord">): ResourceUsage {
  return Object.freeze({
    userMicroseconds: Number(record.bigint("user_us")),
    systemMicroseconds: Number(record.bigint("system_us")),
    maxResidentBytes: Number(record.bigint("max_rss_bytes")),
    minorPageFaults: Number(record.bigint("minor_faults")),
    majorPageFaults: Number(record.bigint("major_faults")),
    blocksRead: Number(record.bigint("block_reads")),
    blocksWritten: Number(record.bigint("block_writes")),
    voluntaryContextSwitches: Number(record.bigint("voluntary_switches")),
    involuntaryContextSwitches: Number(record.bigint("involuntary_switches")),
  });
}
