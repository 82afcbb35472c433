/**
 * Reads /proc: all processes in one pass, or one that is pinned. Natively, because Deno opens /proc to JavaScript only
 * where everything is allowed.
 *
 * @module
 */
import { note, placeOfThread } from "../handle/descriptor.ts";
import { EACCES, ENOENT, EPERM, EREMOTE, ESRCH } from "../kernel/constants.ts";
import { check, failure } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord, sizeOf } from "../kernel/record.ts";

/** What was read of one process at one moment; valid until the next is read. */
export type ProcessRecord = NativeRecord<"ProcessRecord">;

/** A pass over all processes. */
export interface Pass {
  /** Before anything was read, in clock ticks since boot: what started later is younger. */
  readonly startTicks: number;
  /** How many were listed but could not be read. */
  readonly hidden: number;
}

/** /proc counts start times in hundredths of a second on every CPU that this library is built for. */
const NS_PER_TICK = 10_000_000n;

/** An open /proc, which is closed by whoever opened it. */
export class Proc {
  readonly #fd: number;

  /** Throws EREMOTE where its pids are not ours, ENOENT where it is not mounted. */
  constructor() {
    const fd = native().proc_open();
    if (fd < 0) throw failure({ errno: fd, syscall: "open", reason: REASONS[fd] });
    this.#fd = fd;
    note(fd, true);
  }

  /**
   * Shows every process once, by ascending pid. Whoever is met behind its parent, and descends from `parents`, is pinned before it
   * is shown, most of them at least, and a few others too: `visit` owns each `pidfd` that it is shown, also where this throws. The
   * pidfds are noted already.
   */
  pass(
    withUid: boolean,
    visit: (process: ProcessRecord) => void,
    parents: Iterable<number> = [],
  ): Pass {
    const { chunk, pinning } = memory ??= makeMemory();
    chunk.set("after", 0);
    chunk.set("with_uid", withUid ? 1 : 0);
    pinning.fill(0);
    for (const pid of parents) pinning[pid / 32 & 127] |= 1 << pid % 32;
    let startTicks = -1;
    let hidden = 0;
    for (let result = 1; result === 1;) {
      result = native().proc_scan_next(this.#fd, placeOfThread(), chunk.bytes);
      if (startTicks < 0) startTicks = Number(chunk.bigint("boottime_ns") / NS_PER_TICK);
      hidden += chunk.number("hidden");
      // Also where it failed in the middle.
      const count = chunk.number("count");
      for (let index = 0; index < count; index++) visit(placeOf(memory, index));
      check(result, "getdents64");
    }
    return { startTicks, hidden };
  }

  /** Opens a process and fills the record; null where it has ended and was reaped, "hidden" where /proc hides it. */
  pin(pid: number, record: ProcessRecord): number | "hidden" | null {
    const fd = native().proc_pin(this.#fd, pid, record.bytes);
    if (fd === ESRCH) return null;
    if (fd === EPERM || fd === EACCES) return "hidden";
    return check(fd, "pidfd_open", pid);
  }

  /** Fills the record for a pinned process; false where it was reaped, or can't be read. */
  read(pidfd: number, pid: number, record: ProcessRecord): boolean {
    record.set("pid", pid);
    return native().proc_read(this.#fd, pidfd, record.bytes) === 0;
  }

  /** Whether every thread of the process is stopped or has ended. */
  standsStill(pid: number): boolean {
    return native().proc_stands_still(this.#fd, pid) !== 0;
  }

  /** Closes it. */
  close(): void {
    note(this.#fd, false);
    native().close(this.#fd);
  }
}

/** Does something with an open /proc. */
export function withProc<T>(action: (proc: Proc) => T): T {
  const proc = new Proc();
  try {
    return action(proc);
  } finally {
    proc.close();
  }
}

/** The name, which may hold any bytes; what is no UTF-8 becomes U+FFFD. */
export function nameOf(process: ProcessRecord): string {
  return process.text("name", process.number("name_length"));
}

/** When it was started, in clock ticks since boot. */
export function startTicksOf(process: ProcessRecord): number {
  return Number(process.bigint("start_ticks"));
}

/** The letter of proc_pid_stat(5). */
export function stateLetterOf(process: ProcessRecord): string {
  return String.fromCharCode(process.number("state"));
}

const REASONS: Readonly<Record<number, string>> = {
  [EREMOTE]: "/proc belongs to another pid namespace, its pids are not those of this one",
  [ENOENT]: "/proc is not mounted",
};

interface Memory {
  chunk: NativeRecord<"ScanRecord">;
  /** A bit for each pid, as zig/proc_scan.zig counts them. */
  pinning: Uint32Array;
  /** A view of each place that was ever filled. */
  processes: ProcessRecord[];
}

let memory: Memory | undefined;

/** One chunk for the whole thread. */
function makeMemory(): Memory {
  const chunk = new NativeRecord("ScanRecord");
  const pinning = new Uint32Array(chunk.bytes.buffer, chunk.tail("pinning").byteOffset, 128);
  return { chunk, pinning, processes: [] };
}

function placeOf({ chunk, processes }: Memory, index: number): ProcessRecord {
  const size = sizeOf("ProcessRecord");
  return processes[index] ??= new NativeRecord(
    "ProcessRecord",
    chunk.tail("processes").subarray(index * size, (index + 1) * size),
  );
}
