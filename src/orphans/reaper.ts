/**
 * Reaps the orphans that were re-parented to this process, and none of the runtime's own children.
 *
 * The kernel lists a child under the thread that forked it, and re-parents an orphan to the first
 * thread. On that thread, in one synchronous stretch, the zombies in its list are taken, less those
 * that the runtime keeps a pidfd or a handle of its loop for. While this code runs the thread forks
 * nobody, and __WNOTHREAD leaves the children of other threads alone.
 *
 * An add-on that forks by itself and waits in a thread of its own is seen by none of this. So a
 * zombie is left for a second, in which whoever waits for it reaps it.
 *
 * @module
 */
import { childKeeping, onChildSignal } from "../../ffi/children.ts";
import { now, reportUncaught, startTimer } from "../../ffi/timer.ts";
import { ENOENT, EOPNOTSUPP, EPERM } from "../kernel/constants.ts";
import { check, failure } from "../kernel/errors.ts";
import { type ExitStatus, reapedStatus } from "../kernel/exit.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import { openSelf } from "../process/open.ts";

/** An orphan that was reaped. */
export interface ReapedOrphan {
  /** The pid that it had, which is free by now. */
  readonly pid: number;
  /** How it ended; always known. */
  readonly status: ExitStatus;
}

/** Is told of each. */
export type OnOrphan = (orphan: ReapedOrphan) => void;

/** How long somebody else has to reap a zombie. */
const GRACE_MS = 1000;

/** One for this thread, and those whom it tells. */
let reaper: Reaper | undefined;

/** Begins to reap; the answer ends that, once all who have asked for it have ended it. */
export function reapOrphans(
  onOrphan: OnOrphan | undefined,
  graceMs: number = GRACE_MS,
): () => void {
  reaper ??= new Reaper(graceMs);
  const { listeners } = reaper;
  // A function of its own for each: the same one may be given twice.
  const listener: OnOrphan = (orphan) => onOrphan?.(orphan);
  listeners.add(listener);
  return () => {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    reaper?.stop();
    reaper = undefined;
  };
}

class Reaper {
  readonly listeners = new Set<OnOrphan>();
  readonly #zombies = new NativeRecord("ZombiesRecord");
  readonly #graceMs: number;
  /** Whom to take out of the list: 1 is whom a pidfd is kept of, 2 whom a loop has a handle of too. */
  readonly #spareStep: 1 | 2;
  readonly #stopHearing: () => void;
  /** When each zombie was first seen, by its pid and its start time. */
  #seen = new Map<string, number>();
  #stopTimer: (() => void) | undefined;

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
    const keeping = childKeeping();
    if (keeping === null) throw untellable("the runtime's own children can't be told here");
    this.#spareStep = keeping === "loop" ? 2 : 1;
    // Where pidfds can't be opened the runtimes wait for their children in other ways.
    openSelf().close();
    this.#list(0);
    this.#spare();
    this.#stopHearing = onChildSignal(() => {
      // At most one look a second, whatever the program starts.
      if (!this.#stopTimer) this.#look();
    });
    this.#look();
  }

  stop(): void {
    this.#stopHearing();
    this.#stopTimer?.();
  }

  #later(): void {
    this.#stopTimer = startTimer(this.#graceMs, () => this.#look());
  }

  /** Reaps who is due. There is another look in a second, until one finds no zombie. */
  #look(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const reaped: ReapedOrphan[] = [];
    try {
      if (this.#pass(reaped)) this.#later();
    } catch {
      // For want of descriptors or of memory: the next look may have them.
      this.#later();
    }
    for (const orphan of reaped) this.#tell(orphan);
  }

  /** Whether there were zombies. */
  #pass(reaped: ReapedOrphan[]): boolean {
    const seen = new Map<string, number>();
    const { length } = reaped;
    let hasMore = true;
    while (hasMore) {
      const left = seen.size;
      hasMore = this.#list(left);
      const keys = this.#keys();
      for (const key of keys) seen.set(key, this.#seen.get(key) ?? now());
      this.#reapDue(keys, seen, reaped);
      // Those of this list, and nobody but them, are all that there is to be seen now.
      if (keys.length === 0) break;
    }
    this.#seen = seen;
    return hasMore || seen.size > 0 || reaped.length > length;
  }

  /** Lists the next zombies behind so many; whether there may be more. */
  #list(skipped: number): boolean {
    this.#zombies.set("skipped", skipped);
    const result = native().zombies_list(0, this.#zombies.bytes);
    if (result === EPERM) throw untellable("this is not the first thread of the process");
    if (result === ENOENT) throw untellable("the kernel lists no children (CONFIG_PROC_CHILDREN)");
    return check(result, "waitid") === 1;
  }

  #spare(): void {
    check(native().zombies_list(this.#spareStep, this.#zombies.bytes), "waitid");
  }

  #pids(): number[] {
    return this.#zombies.numbers("pids", this.#zombies.number("count"));
  }

  /** Who each is: a pid may be another zombie's by the next look. */
  #keys(): string[] {
    const bytes = this.#zombies.tail("start_ticks");
    const ticks = new BigUint64Array(bytes.buffer, bytes.byteOffset, this.#pids().length);
    return this.#pids().map((pid, index) => `${pid}:${ticks[index]}`);
  }

  #reapDue(keys: string[], seen: Map<string, number>, reaped: ReapedOrphan[]): void {
    const due = now() - this.#graceMs;
    const isDue = (key: string) => seen.get(key)! <= due;
    // Who is the runtime's is asked only where it matters: most are gone by then.
    if (!keys.some(isDue)) return;
    this.#spare();
    this.#pids().forEach((pid, index) => {
      if (pid === 0 || !isDue(keys[index])) return;
      const status = reapedStatus(native(), pid);
      if (!status) return;
      seen.delete(keys[index]);
      reaped.push({ pid, status });
    });
  }

  #tell(orphan: ReapedOrphan): void {
    for (const listener of this.listeners) {
      try {
        listener(orphan);
      } catch (error) {
        reportUncaught(error);
      }
    }
  }
}

function untellable(reason: string): Error {
  return failure({ errno: EOPNOTSUPP, syscall: "waitid", reason });
}
