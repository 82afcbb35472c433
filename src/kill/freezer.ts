/**
 * Stops a tree, so that it can't grow while it is ended, and resumes what was stopped.
 *
 * @module
 */
import { atExit } from "../../ffi/at_exit.ts";
import { inTurns } from "../../ffi/turn.ts";
import { resume } from "../process/signal.ts";
import type { Member, Spares } from "../tree/member.ts";
import type { TreeOption } from "../tree/table.ts";
import type { Walk } from "../tree/walk.ts";
import { unsafeToOrder } from "./process_groups.ts";

/** The members of one tree that were stopped by us. */
export class Freezer {
  readonly #walk: Walk;
  readonly #spares: Spares;
  #forgetExit: (() => void) | undefined;

  /** Stops nobody of whom `spares` says so. */
  constructor(walk: Walk, spares: Spares) {
    this.#walk = walk;
    this.#spares = spares;
  }

  /** Stops the tree, until a look finds nobody new and all stand still; in turns, as `inTurns`. */
  async stand(
    options: readonly TreeOption[],
    check: () => void,
    onStep: () => void,
  ): Promise<void> {
    this.#walk.beforeClose.add(this.resumeAll);
    this.#forgetExit ??= atExit(this.resumeAll);
    await inTurns(this.#walk.standing(options, this.#spares), check, onStep);
  }

  /**
   * Resumes those that must run before anybody is ended; the rest may be ended one by one, the
   * deepest first.
   */
  resumeUnsafeToOrder(): void {
    const stopped = this.#stopped().map((member) => ({ member, ...this.#walk.detailsOf(member) }));
    for (const member of unsafeToOrder(stopped)) {
      this.resume(member);
      this.#walk.set(member, "free", true);
    }
  }

  /**
   * Resumes everything that was stopped here, the deepest first. Also where the tree is closed or
   * the program ends: nobody could do it afterwards.
   */
  readonly resumeAll = (): void => {
    this.#walk.beforeClose.delete(this.resumeAll);
    this.#forgetExit?.();
    this.#forgetExit = undefined;
    for (const member of deepestFirst(this.#stopped())) this.resume(member);
  };

  /**
   * Resumes a member, if it was stopped here. From then on it may have children whom nobody has
   * seen.
   */
  resume(member: Member): void {
    if (this.#walk.has(member, "stopped")) this.resumeSignalled(member, false);
  }

  /** Resumes a member that was signalled, whoever has stopped it, so that it can act on that. */
  resumeSignalled(member: Member, willEnd: boolean): void {
    this.#walk.set(member, "stopped", false);
    this.#walk.set(member, "was_stopped", false);
    this.#walk.set(member, "stands", false);
    this.#walk.set(member, willEnd ? "dying" : "known", willEnd);
    // Whoever could be stopped can be resumed, kill(2) asks for no more; but if not, the others must
    // be resumed all the same.
    if (!member.core.closed) resume(member.core);
  }

  #stopped(): Member[] {
    return this.#walk.members.filter((member) =>
      this.#walk.has(member, "stopped") && !this.#walk.has(member, "ended")
    );
  }
}

/** Children before their parents. */
function deepestFirst(members: Iterable<Member>): Member[] {
  return [...members].sort((a, b) => b.depth - a.depth);
}
