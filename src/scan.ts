/**
 * Reads /proc: all processes in one pass, or one that is pinned. Natively, because Deno opens /proc to JavaScript only
 * where everything is allowed.
 *
 * @module
 */
import { RECORDS } from "../ffi/symbols.ts";
import { EACCES, ENOENT, EPERM, EREMOTE, ESRCH } from "./constants.ts";
import { check, failure } from "./errors.ts";
import { native } from "./native.ts";
import { NativeRecord } from "./record.ts";

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
  }

  /** Shows every process once, by ascending pid. */
  pass(withUid: boolean, visit: (process: ProcessRecord) => void): Pass {
    const { chunk, processes } = memory ??= makeMemory();
    chunk.set("after", 0);
    chunk.set("with_uid", withUid ? 1 : 0);
    let startTicks = -1;
    let hidden = 0;
    while (check(native().proc_scan_next(this.#fd, chunk.bytes), "getdents64") === 1) {
      if (startTicks < 0) startTicks = Number(chunk.bigint("boottime_ns") / NS_PER_TICK);
      hidden += chunk.number("hidden");
      const count = chunk.number("count");
      for (let index = 0; index < count; index++) visit(processes[index]);
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
  return decoder.decode(process.tail("name").subarray(0, process.number("name_length")));
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

const decoder = new TextDecoder();

interface Memory {
  chunk: NativeRecord<"ScanRecord">;
  processes: ProcessRecord[];
}

let memory: Memory | undefined;

/** One chunk for the whole thread, and a view of each of its places. */
function makeMemory(): Memory {
  const chunk = new NativeRecord("ScanRecord");
  const places = chunk.tail("processes");
  const { size } = RECORDS.ProcessRecord;
  const processes = Array.from(
    { length: Math.floor(places.length / size) },
    (_, index) =>
      new NativeRecord("ProcessRecord", places.subarray(index * size, (index + 1) * size)),
  );
  return { chunk, processes };
}
