/**
 * Who of a tree is ended, and who is spared.
 *
 * @module
 */
import { native } from "../kernel/native.ts";
import type { Member } from "../tree/member.ts";
import type { Walk } from "../tree/walk.ts";

/** What was asked for. */
export interface KillScopeOptions {
  readonly includeRoot: boolean;
  readonly includeSelf: boolean;
}

/** Of one tree. */
export class KillScope {
  readonly #walk: Walk;
  readonly #options: KillScopeOptions;

  constructor(walk: Walk, options: KillScopeOptions) {
    this.#walk = walk;
    this.#options = options;
  }

  /** Whether it belongs to what is ended: all but a root that is to stay. */
  includes(member: Member): boolean {
    return this.#options.includeRoot || member !== this.#walk.root;
  }

  /** Whether nothing is done to it; this process and its ancestors are spared unless included. */
  isSpared(member: Member): boolean {
    if (!this.includes(member)) return true;
    return !this.#options.includeSelf && this.#walk.ancestors.has(member.pid);
  }

  /** Whether it is stopped, signalled and waited for with the others. */
  isTarget(member: Member): boolean {
    return !this.isSpared(member) && !isSelf(member);
  }
}

/** Whether it is this process. */
export function isSelf({ pid }: Member): boolean {
  return pid === native().own_pid();
}
