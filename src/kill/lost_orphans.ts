/**
 * Who may have slipped away from a tree: a process that forks and ends before its children could be
 * listed leaves orphans that nothing ties to the tree any more.
 *
 * @module
 */
import { native } from "../kernel/native.ts";
import { nameOf, Proc, type ProcessRecord, startTicksOf, stateLetterOf } from "../proc/scan.ts";
import { adoption } from "../tree/subreaper.ts";
import type { Lost } from "../tree/table.ts";
import type { Walk } from "../tree/walk.ts";
import type { TreeOrphan } from "./report.ts";

/** Processes that fork on and exit could be followed for ever. */
const MAX_PASSES = 4;

/** Who was found, and whether that are all. */
interface LostOrphans {
  readonly orphans: TreeOrphan[];
  readonly isCertain: boolean;
}

/**
 * Those that were started since then, and whose parent is one to whom orphans of the tree are
 * re-parented: a child subreaper above the root, or pid 1. Others than the tree's may be among
 * them. It is certain if nobody exited before it could be read: that one may have left others.
 */
export function* findLostOrphans(walk: Walk, { since }: Lost): Generator<void, LostOrphans> {
  if (walk.keepsOrphans) return yield* findKeptOrphans(walk);
  for (let count = 1;; count++) {
    const pass = new OrphanPass(walk, since);
    const found = yield* pass.run();
    if (found.isCertain || count === MAX_PASSES) return found;
  }
}

/**
 * Who is left where the root has got all orphans: it has nobody else below it by now, so a look at
 * its children finds them. One that ended meanwhile may have left others.
 */
function* findKeptOrphans(walk: Walk): Generator<void, LostOrphans> {
  const orphans: TreeOrphan[] = [];
  for (let count = 0; count < MAX_PASSES; count++) {
    const known = walk.members.length;
    const isComplete = yield* walk.looking(["counts"]);
    const found = walk.members.slice(known);
    const left = found.filter((member) => member.runs());
    orphans.push(...left.map(({ pid, name }) => ({ pid, name })));
    if (left.length === found.length) {
      return { orphans, isCertain: isComplete && walk.keepsOrphans };
    }
  }
  return { orphans, isCertain: false };
}

/** One pass over all processes. */
class OrphanPass {
  readonly #walk: Walk;
  readonly #since: number;
  readonly #reapers: Set<number>;
  readonly #members: Set<number>;
  /** When each process was started. */
  readonly #starts = new Map<number, number>();
  readonly #found: (TreeOrphan & { session: number })[] = [];

  constructor(walk: Walk, since: number) {
    this.#walk = walk;
    // Clock ticks are coarse: somebody may have been started in the same one.
    this.#since = since - 1;
    this.#reapers = new Set([1, ...walk.rootAncestors]);
    if (adoption() === null) this.#reapers.delete(native().own_pid());
    this.#members = new Set(walk.members.filter((one) => one.holdsPid()).map(({ pid }) => pid));
  }

  *run(): Generator<void, LostOrphans> {
    const proc = new Proc();
    try {
      const { vanished } = yield* proc.passInSteps(false, (process) => this.#visit(process));
      const sessions = new Set(this.#walk.members.map((one) => this.#walk.detailsOf(one).session));
      const orphans = this.#found
        .filter(({ session }) => sessions.has(session) || !this.#isOld(session))
        .map(({ pid, name }) => ({ pid, name }));
      return { orphans, isCertain: vanished === 0 };
    } finally {
      proc.close();
    }
  }

  #visit(process: ProcessRecord): void {
    const pid = process.number("pid");
    const startTicks = startTicksOf(process);
    this.#starts.set(pid, startTicks);
    if (startTicks < this.#since || this.#members.has(pid) || hasEnded(process)) return;
    if (!this.#reapers.has(process.number("ppid"))) return;
    this.#found.push({ pid, name: nameOf(process), session: process.number("session") });
  }

  /**
   * Nobody joins a session: who is in one that was begun before by somebody outside of the tree is
   * not of the tree.
   */
  #isOld(session: number): boolean {
    const startTicks = this.#starts.get(session);
    return startTicks !== undefined && startTicks < this.#since && !this.#members.has(session);
  }
}

/** One that has ended has no children: they would be orphans themselves. */
function hasEnded(process: ProcessRecord): boolean {
  return process.number("threads") <= 1 && "ZX".includes(stateLetterOf(process));
}
