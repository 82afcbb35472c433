/**
 * Reads /proc: all processes in one pass, or one that is pinned. Natively, because Deno opens /proc
 * to JavaScript only where everything is allowed.
 *
 * @module
 */
import { closeOwned, makeSlot, own } from "../handle/descriptor.ts";
import { EACCES, ENOENT, EPERM, EREMOTE, ESRCH } from "../kernel/constants.ts";
import { check, failure } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord, sizeOf } from "../kernel/record.ts";

/** What was read of one process at one moment; valid until the next is read. */
export type ProcessRecord = NativeRecord<"ProcessRecord">;

/** A pass over all processes. */
interface Pass {
  /** Before anything was read, in clock ticks since boot: what started later is younger. */
  readonly startTicks: number;
  /** How many were listed but could not be read. */
  readonly hidden: number;
  /** How many were listed and had been reaped when they were read. */
  readonly vanished: number;
}

/**
 * /proc counts start times in hundredths of a second on every CPU that this library is built for.
 */
const NS_PER_TICK = 10_000_000n;

/** An open /proc, which is closed by whoever opened it. */
export class Proc {
  readonly #fd: number;

  /** Throws EREMOTE where its pids are not ours, ENOENT where it is not mounted. */
  constructor() {
    const fd = native().proc_open(makeSlot());
    if (fd < 0) throw failure({ errno: fd, syscall: "open", reason: REASONS[fd] });
    this.#fd = fd;
    own(fd);
  }

  /** The descriptor of the folder. */
  get fd(): number {
    return this.#fd;
  }

  /** Shows every process once, by ascending pid. */
  pass(withUid: boolean, visit: (process: ProcessRecord) => void): Pass {
    const steps = this.#steps(shared ??= makeMemory(), withUid, visit);
    for (let step = steps.next();; step = steps.next()) if (step.done) return step.value;
  }

  /** The same in steps of a millisecond or two; other passes may come between them. */
  passInSteps(withUid: boolean, visit: (process: ProcessRecord) => void): Generator<void, Pass> {
    return this.#steps(makeMemory(), withUid, visit);
  }

  *#steps(
    memory: Memory,
    withUid: boolean,
    visit: (process: ProcessRecord) => void,
  ): Generator<void, Pass> {
    const { chunk } = memory;
    chunk.set("after", 0);
    chunk.set("with_uid", withUid ? 1 : 0);
    let startTicks = -1;
    let hidden = 0;
    let vanished = 0;
    for (let result = 1; result === 1;) {
      result = native().proc_scan_next(this.#fd, chunk.bytes);
      if (startTicks < 0) startTicks = Number(chunk.bigint("boottime_ns") / NS_PER_TICK);
      hidden += chunk.number("hidden");
      vanished += chunk.number("vanished");
      // Also where it failed in the middle.
      const count = chunk.number("count");
      for (let index = 0; index < count; index++) {
        visit(memory.processes[index] ??= processAt(chunk, index));
      }
      check(result, "getdents64");
      yield;
    }
    return { startTicks, hidden, vanished };
  }

  /**
   * Opens a process and fills the record; null where it has ended and was reaped, "hidden" where
   * /proc hides it. The descriptor is closed by closeOwned.
   */
  pin(pid: number, record: ProcessRecord): number | "hidden" | null {
    record.set("slot", makeSlot());
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

  /** Closes it. */
  close(): void {
    closeOwned(this.#fd);
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
  /** A view of each place that was ever filled. */
  processes: ProcessRecord[];
}

/** For the passes of this thread that are not interrupted. */
let shared: Memory | undefined;

function makeMemory(): Memory {
  return { chunk: new NativeRecord("ScanRecord"), processes: [] };
}

/** A process of a chunk, as a view of its place there. */
export function processAt(chunk: NativeRecord<"ScanRecord">, index: number): ProcessRecord {
  const size = sizeOf("ProcessRecord");
  return new NativeRecord(
    "ProcessRecord",
    chunk.tail("processes").subarray(index * size, (index + 1) * size),
  );
}
