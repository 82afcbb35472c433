/** What one round has: processes, handles, trees, waits, and what was done so far. */
import type { Pidfd, ProcessTree } from "../../mod.ts";
import { nameOf } from "../../tests/support/outcomes.ts";
import { Life, wordOf } from "./life.ts";
import type { Random } from "./random.ts";
import type { Wait } from "./waits.ts";
import type { World } from "./world.ts";

/** What became of a handle; it does not keep the handle from being collected. */
export interface Fate {
  isClosed: boolean;
  /** Whether the process was alive when the handle was closed. */
  isClosedEarly: boolean;
  /** Whether it was made of a descriptor of a process that may have been reaped before. */
  mayLackPid: boolean;
}

/** A handle and the process that it names. */
export interface Held {
  readonly pidfd: Pidfd;
  readonly life: Life;
  readonly fate: Fate;
}

/** A tree and those of its processes that ran when it was opened. */
export interface HeldTree {
  readonly tree: ProcessTree;
  readonly lives: readonly Life[];
}

/** What the library did and the model does not allow. */
export class Finding extends Error {}

export class Model {
  readonly random: Random;
  readonly world: World;
  readonly lives: Life[] = [];
  /** By the helper's slots. */
  readonly slots: (Life | undefined)[] = Array(6).fill(undefined);
  handles: Held[] = [];
  trees: HeldTree[] = [];
  readonly waits: Wait[] = [];
  readonly controllers: AbortController[] = [];
  readonly log: string[] = [];
  /** Of what came later than the step that caused it. */
  finding: Finding | undefined;

  constructor(random: Random, world: World) {
    this.random = random;
    this.world = world;
    this.lives.push(new Life("self", process.pid));
  }

  note(step: string): void {
    this.log.push(step);
  }

  /** Takes a handle into the model. */
  hold(pidfd: Pidfd, life: Life): Held {
    const fate = { isClosed: false, isClosedEarly: false, mayLackPid: false };
    const held = { pidfd, life, fate };
    life.identity ??= pidfd.identity();
    this.handles.push(held);
    return held;
  }

  close({ life, fate }: Held): void {
    fate.isClosedEarly ||= !fate.isClosed && life.isAlive;
    fate.isClosed = true;
  }
}

/** What a call gives, in a word. */
export function ask(call: () => unknown): string {
  try {
    return String(call());
  } catch (error) {
    return nameOf(error);
  }
}

/** Holds what a call gave against what it may give. */
export function expect(what: string, actual: string, allowed: readonly string[]): void {
  if (allowed.includes(actual)) return;
  throw new Finding(`${what} gave ${actual}, and may give ${allowed.join(" or ")}`);
}

/** The same for a call on a handle, which only gives EBADF once it is closed. */
export function expectOf(
  held: Held,
  what: string,
  call: () => unknown,
  allowed: readonly string[],
): void {
  expect(what, ask(call), held.fate.isClosed ? ["EBADF"] : allowed);
}

/** What status() may say, in words. */
export function statusesOf(life: Life): string[] {
  if (life.isAlive) return ["null"];
  if (life.kind === "own") return life.endings;
  if (life.kind === "leaf") return [...life.endings, "unknown"];
  return life.state === "reaped" ? life.endings : ["unknown"];
}

export const status = (held: Held) => wordOf(held.pidfd.status());
