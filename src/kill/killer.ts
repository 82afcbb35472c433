/**
 * Ends a tree: asks, waits, kills, and waits until the last one is gone.
 *
 * @module
 */
import { inTurns } from "../../ffi/turn.ts";
import { INT_MAX, SIGKILL } from "../kernel/constants.ts";
import { countForks } from "../proc/forks.ts";
import { sendSignal } from "../process/signal.ts";
import type { Walk } from "../tree/walk.ts";
import { force } from "./forced_phase.ts";
import { Freezer } from "./freezer.ts";
import type { KillerOptions, KillParts } from "./kill_parts.ts";
import { isSelf, KillScope } from "./kill_scope.ts";
import { KillTargets } from "./kill_targets.ts";
import { KillWait } from "./kill_wait.ts";
import { findLostOrphans } from "./lost_orphans.ts";
import { askAndWait } from "./polite_phase.ts";
import type { TreeOrphan, TreeReport } from "./report.ts";
import { TreeFinder } from "./tree_finder.ts";

/** How long the runtime has to report how its child ended, which it does within a turn or two. */
const RUNTIME_MS = 10;

/** One tree's end. */
export class Killer {
  readonly #parts: KillParts;
  /** Whether nothing else hides who may be left: the root ran, and all orphans could be read. */
  #isSure: boolean;
  #orphans: readonly TreeOrphan[] = [];

  constructor(walk: Walk, options: KillerOptions) {
    this.#isSure = walk.root.runs();
    this.#parts = makeParts(walk, options);
  }

  /** Resolves when the last one is gone; rejects when it is aborted. */
  async run(): Promise<TreeReport> {
    const { targets, freezer, wait, options } = this.#parts;
    const forgetAbort = wait.giveUpOnAbort();
    try {
      const isGone = options.killSignal !== SIGKILL && await askAndWait(this.#parts);
      if (!isGone) await force(this.#parts);
      await targets.reapAll(() => wait.check());
      await this.#waitForStatuses();
      await this.#lookForOrphans();
      await this.#endSelf();
      return this.report();
    } finally {
      forgetAbort();
      freezer.resumeAll();
      targets.forget();
    }
  }

  /** What has become of the tree until now. */
  report(): TreeReport {
    const { targets, finder, options } = this.#parts;
    const report = targets.report();
    const isSure = this.#isSure && finder.stood && options.freeze;
    const settled = isSure && this.#orphans.length === 0 &&
      // Whoever refuses runs on, and may fork at any time.
      report.escaped.every(({ reason }) => reason !== "refused");
    return { ...report, settled, orphans: this.#orphans };
  }

  /**
   * The runtime reports how its child ended; of others, who may never be reaped, it is waited for
   * as asked.
   */
  async #waitForStatuses(): Promise<void> {
    const { walk: { root }, targets, wait, options } = this.#parts;
    await wait.until(() => targets.areStatusesFinal, options.statusMs);
    if (root.core.child) await wait.until(() => targets.isStatusFinal(root), RUNTIME_MS);
  }

  /**
   * Where somebody ended who may have left children, it is looked who was re-parented since, unless
   * nobody was forked.
   */
  async #lookForOrphans(): Promise<void> {
    const { walk, finder, wait, options } = this.#parts;
    const lost = options.freeze ? walk.findLost() : null;
    if (lost === null) return;
    const nobodyForked = finder.forks !== null && finder.forks === countForks();
    if (lost.wereKnown && nobodyForked) return;
    const steps = findLostOrphans(walk, lost);
    const { orphans, isCertain } = await inTurns(steps, () => wait.check());
    this.#orphans = orphans;
    this.#isSure &&= isCertain;
  }

  /**
   * Ends this process, where it is meant too: the last of all, because it can't go on with the
   * others once it is stopped or gone.
   */
  async #endSelf(): Promise<void> {
    const { walk, scope, freezer, wait, options: { killSignal, graceMs } } = this.#parts;
    const self = walk.members.find((member) => isSelf(member));
    if (!self || scope.isSpared(self)) return;
    freezer.resumeAll();
    sendSignal(self.core, killSignal);
    // Its own handler may have things to do, and nothing else may keep the program alive.
    const keepAlive = setInterval(() => {}, INT_MAX);
    const limitMs = graceMs === Infinity ? undefined : graceMs;
    await wait.until(() => false, limitMs).finally(() => clearInterval(keepAlive));
    sendSignal(self.core, SIGKILL);
  }
}

function makeParts(walk: Walk, options: KillerOptions): KillParts {
  const wait = new KillWait(walk, options.signal);
  const scope = new KillScope(walk, options);
  const targets = new KillTargets(walk, scope, options, {
    onEnd: () => wait.wake(),
    onFailure: (reason) => wait.fail(reason),
  });
  const freezer = new Freezer(walk, (member) => !scope.isTarget(member));
  const finder = new TreeFinder(walk, freezer, wait, options.freeze);
  return { walk, options, scope, targets, freezer, finder, wait };
}
