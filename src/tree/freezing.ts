/**
 * Stops a tree, so that it can't grow while it is ended, and lets go on what was stopped.
 *
 * @module
 */
import { atExit } from "../../ffi/at_exit.ts";
import { EBADF, SIGCONT, SIGSTOP } from "../kernel/constants.ts";
import { failure, PidfdError } from "../kernel/errors.ts";
import { NativeRecord } from "../kernel/record.ts";
import { type Proc, type ProcessRecord, stateLetterOf, withProc } from "../proc/scan.ts";
import { sendSignal } from "../process/signalling.ts";
import type { Member } from "./member.ts";
import { type Grouped, tangled } from "./process_groups.ts";
import type { Walk } from "./walk.ts";

/** Between the looks at a tree that does not stand still yet: whoever is in a deep sleep stops only after it. */
const PAUSES_MS = [0, 0, 1, 1, 2, 4, 8, 16, 32];

const record: ProcessRecord = new NativeRecord("ProcessRecord");

/** The members of one tree that were stopped by us. */
export class Freezing {
  readonly #walk: Walk;
  readonly #isWanted: (member: Member) => boolean;
  readonly #stopped = new Map<Member, Grouped>();
  /** Those whose every thread was seen standing still. */
  readonly #still = new Set<Member>();
  #isAbandoned = false;
  #forgetExit: (() => void) | undefined;

  /** Stops only what `isWanted` says. */
  constructor(walk: Walk, isWanted: (member: Member) => boolean) {
    this.#walk = walk;
    this.#isWanted = isWanted;
  }

  /**
   * Stops the tree from the root down, until a pass finds nothing new and everything stands still; gives up waiting for
   * what does not within some 60 ms. `check` is called after each pause, and may throw.
   */
  async freeze(check: () => void): Promise<void> {
    this.#walk.beforeClose.add(this.#abandon);
    this.#forgetExit ??= atExit(this.#abandon);
    let isStill = false;
    for (const pauseMs of PAUSES_MS) {
      const isGrown = !this.#walk.isUnchanged() && this.#walk.pass().length > 0;
      // Whoever was born before the others stood still would have been found by now.
      if (isStill && !isGrown) return;
      isStill = withProc((proc) => this.#stopAll(proc));
      if (pauseMs > 0 && !isStill) {
        await pause(pauseMs);
        this.#checkOpen();
        check();
      }
    }
  }

  /** Lets those go on that must before anything is ended; the rest may be ended one by one, the deepest first. */
  untangle(): void {
    this.#checkOpen();
    for (const member of tangled([...this.#stopped.values()])) this.letGo(member);
  }

  /** Lets everything go on that was stopped here, the deepest first. */
  thaw(): void {
    this.#leaveHooks();
    for (const { member } of deepestFirst(this.#stopped.values())) this.letGo(member);
  }

  /** The same, because the tree is closed or the program ends: nobody could do it afterwards, and what comes next would take its members for ended. */
  readonly #abandon = (): void => {
    this.#isAbandoned = true;
    this.thaw();
  };

  #leaveHooks(): void {
    this.#walk.beforeClose.delete(this.#abandon);
    this.#forgetExit?.();
    this.#forgetExit = undefined;
  }

  #checkOpen(): void {
    if (!this.#isAbandoned) return;
    throw failure({ errno: EBADF, syscall: "pidfd", reason: "the tree was closed meanwhile" });
  }

  /** Lets one go on, if it was stopped here. */
  letGo(member: Member): void {
    if (!this.#stopped.delete(member)) return;
    this.#still.delete(member);
    if (member.pinned.closed) return;
    try {
      sendSignal(member.pinned, SIGCONT);
    } catch (error) {
      // Whoever could be stopped can be continued, kill(2) asks for no more; but if not, the others must go on all the same.
      if (!(error instanceof PidfdError)) throw error;
    }
  }

  /** Answers whether everything stands still. */
  #stopAll(proc: Proc): boolean {
    for (const member of this.#walk.members) {
      if (this.#stopped.has(member) || !this.#isWanted(member) || !member.runs()) continue;
      if (!proc.read(member.pinned.fd, member.pid, record)) continue;
      // What was stopped before is not ours to continue; a traced one is its tracer's.
      if (isStopped(proc, member)) continue;
      this.#stop({ member, group: record.number("group"), session: record.number("session") });
    }
    let isStill = true;
    for (const member of this.#stopped.keys()) {
      if (this.#still.has(member)) continue;
      if (standsStill(proc, member)) this.#still.add(member);
      else isStill = false;
    }
    return isStill;
  }

  #stop(grouped: Grouped): void {
    try {
      // Noted first: whatever happens next, this one is let go on.
      this.#stopped.set(grouped.member, grouped);
      sendSignal(grouped.member.pinned, SIGSTOP);
    } catch (error) {
      this.#stopped.delete(grouped.member);
      // It can't be ended either, which is told then.
      if (!(error instanceof PidfdError)) throw error;
    }
  }
}

/** Whether a process that runs, and fills the record, is stopped. A first thread that has ended before others tells nothing of these. */
function isStopped(proc: Proc, { pid }: Member): boolean {
  const letter = stateLetterOf(record);
  if (letter !== "Z") return "Tt".includes(letter);
  return record.number("threads") > 1 && proc.standsStill(pid);
}

/** Whether every thread stands still. One that forks finishes that first, before it stops. */
function standsStill(proc: Proc, { pinned, pid }: Member): boolean {
  if (pinned.closed || !proc.read(pinned.fd, pid, record)) return true;
  if (record.number("threads") > 1) return proc.standsStill(pid);
  return "TtZX".includes(stateLetterOf(record));
}

/** Children before their parents. */
export function deepestFirst<T extends { readonly member: Member }>(items: Iterable<T>): T[] {
  return [...items].sort((a, b) => b.member.depth - a.member.depth);
}

/** Keeps the program alive, for it must not end while something is stopped. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
