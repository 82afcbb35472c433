/**
 * Finds everybody in a tree that is ended, and brings it to stand unless that is not wanted.
 *
 * @module
 */
import { now } from "../../ffi/timer.ts";
import { inTurns } from "../../ffi/turn.ts";
import { countForks } from "../proc/forks.ts";
import type { Walk } from "../tree/walk.ts";
import type { Freezer } from "./freezer.ts";
import type { KillWait } from "./kill_wait.ts";

/** How long a tree is followed that can't be brought to stand. */
const STAND_MS = 10_000;

/** What a look is asked for. */
type FindOptions = readonly ("fresh" | "force")[];

/** Of one tree. */
export class TreeFinder {
  readonly #walk: Walk;
  readonly #freezer: Freezer;
  readonly #wait: KillWait;
  readonly #freezes: boolean;
  #isFirst = true;
  /** Whether the tree stood, when that was tried last. */
  stood = true;
  /**
   * How many were ever forked on this machine when the tree stood for the first time; null if that
   * is not known.
   */
  forks: number | null = null;

  constructor(walk: Walk, freezer: Freezer, wait: KillWait, freezes: boolean) {
    this.#walk = walk;
    this.#freezer = freezer;
    this.#wait = wait;
    this.#freezes = freezes;
  }

  /** Finds everybody, and stops them unless that is not wanted; calls back after each step. */
  async findAll(options: FindOptions, onStep: () => void): Promise<void> {
    const first = this.#isFirst ? ["fresh"] as const : [];
    this.#isFirst = false;
    if (this.#freezes) {
      await this.#stand([...first, ...options], onStep);
      if (first.length > 0) this.forks = countForks();
    } else await inTurns(this.#walk.looking(first), () => this.#wait.check(), onStep);
  }

  /** Looks without stopping anybody; whether somebody is new. */
  async hasGrown(): Promise<boolean> {
    const known = this.#walk.members.length;
    // Whoever forks on is not followed: the tree is stopped then.
    const steps = this.#walk.looking(
      this.#freezes ? ["counts"] : [],
      this.#freezes ? 1 : undefined,
    );
    await inTurns(steps, () => this.#wait.check());
    return this.#walk.members.slice(known).some((member) => member.runs());
  }

  async #stand(options: FindOptions, onStep: () => void): Promise<void> {
    const end = now() + STAND_MS;
    const isTimeUp = Symbol();
    const check = () => {
      this.#wait.check();
      if (now() > end) throw isTimeUp;
    };
    this.stood = true;
    try {
      await this.#freezer.stand(options, check, onStep);
    } catch (error) {
      if (error !== isTimeUp) throw error;
      this.stood = false;
    }
  }
}
