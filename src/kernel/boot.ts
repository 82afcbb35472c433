/**
 * This boot of the system: its id, the pid namespace that this process counts in, and when processes were started.
 *
 * @module
 */
import { failure } from "./errors.ts";
import { native } from "./native.ts";
import { NativeRecord } from "./record.ts";

/** What belongs to this boot. */
export interface Boot {
  /** A UUID, which every boot makes anew. */
  readonly id: string;
  /** The inode number of our pid namespace; 0 where /proc does not tell it. */
  readonly pidNamespace: number;
}

/** A clock tick of /proc/PID/stat: a hundredth of a second on every CPU that the library is built for. */
export const TICK_NS = 10_000_000n;

/** The id of this boot, and our pid namespace. It throws where /proc does not tell the id. */
export function readBoot(): Boot {
  const record = new NativeRecord("BootRecord");
  const result = native().read_boot(record.bytes);
  if (result < 0) {
    const reason = "the id of this boot can't be read from /proc/sys/kernel/random/boot_id";
    throw failure({ errno: result, syscall: "read", reason });
  }
  return { id: record.text("id", 36), pidNamespace: record.number("pid_namespace") };
}

/** The size of a page of memory, in bytes. */
export function readPageSize(): number {
  const record = new NativeRecord("BootRecord");
  native().read_boot(record.bytes);
  return record.number("page_size");
}

/** The time since boot in nanoseconds, and what must be added to it to have the time since 1970 by today's clock. */
export function readClocks(): { sinceBoot: bigint; bootedAt: bigint } {
  const record = new NativeRecord("BootRecord");
  // Without an id there are still the clocks.
  native().read_boot(record.bytes);
  const sinceBoot = record.bigint("boottime_ns");
  return { sinceBoot, bootedAt: record.bigint("realtime_ns") - sinceBoot };
}
