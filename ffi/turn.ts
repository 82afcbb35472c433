/**
 * Lets the event loop have a turn, so that nothing blocks it for long.
 *
 * @module
 */

import { now } from "./timer.ts";

/** Deno has `setImmediate` since 2.5; a timer takes a millisecond. */
const later: (action: () => void) => void =
  (globalThis as { setImmediate?: (action: () => void) => void }).setImmediate ??
    ((action) => setTimeout(action, 0));

/** Resolves in the next turn of the event loop. Keeps the program alive until then. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => later(resolve));
}

/**
 * Takes the steps of something long, each in a turn of its own, the first at once. `onStep` is
 * called right after each, `check` before the next one; both may throw.
 */
export async function inTurns<T>(
  steps: Generator<void, T>,
  check: () => void,
  onStep: () => void = () => {},
): Promise<T> {
  try {
    while (true) {
      const step = steps.next();
      onStep();
      if (step.done) return step.value;
      await nextTurn();
      check();
    }
  } finally {
    steps.return(undefined as never);
  }
}

/** How long something that is done piece by piece goes on before the event loop has a turn. */
const PIECE_MS = 2;

/** Says when the event loop should have a turn. */
export class Pace {
  #start: number = now();

  /** Whether it is time. */
  get isDue(): boolean {
    return now() - this.#start > PIECE_MS;
  }

  /** Lets it have its turn. */
  async rest(): Promise<void> {
    await nextTurn();
    this.#start = now();
  }
}

/** Takes the steps of something long at once. */
export function atOnce<T>(steps: Generator<void, T>): T {
  while (true) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
