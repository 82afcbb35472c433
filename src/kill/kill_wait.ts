/**
 * The waiting while a tree is ended: it goes on at each event, and gives up when it is aborted.
 *
 * @module
 */
import { startTimer } from "../../ffi/timer.ts";
import type { Pace } from "../../ffi/turn.ts";
import type { Walk } from "../tree/walk.ts";

/** Of one tree's end. */
export class KillWait {
  readonly #walk: Walk;
  readonly #signal: AbortSignal | undefined;
  #failure: { reason: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(walk: Walk, signal: AbortSignal | undefined) {
    this.#walk = walk;
    this.#signal = signal;
  }

  /** Gives up with the signal's reason, as soon as it is aborted; returns what takes that back. */
  giveUpOnAbort(): () => void {
    const signal = this.#signal;
    const onAbort = () => this.fail(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    return () => signal?.removeEventListener("abort", onAbort);
  }

  /** Something has happened: whoever waits looks again. */
  wake(): void {
    this.#wake();
  }

  /** Gives up. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#wake();
  }

  /** Throws where it was given up. */
  check(): void {
    if (this.#signal?.aborted) throw this.#signal.reason;
    if (this.#failure) throw this.#failure.reason;
  }

  /** Lets the event loop have its turn. */
  async rest(pace: Pace): Promise<void> {
    await pace.rest();
    this.check();
    this.#walk.checkOpen();
  }

  /** Resolves with true when the question is answered with yes, with false when the time is up. */
  async until(isDone: () => boolean, timeoutMs?: number): Promise<boolean> {
    this.check();
    if (isDone()) return true;
    if (timeoutMs === 0) return false;
    let isTimeUp = false;
    const stop = timeoutMs === undefined ? () => {} : startTimer(timeoutMs, () => {
      isTimeUp = true;
      this.#wake();
    });
    try {
      while (!isDone() && !isTimeUp) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        this.check();
      }
      return isDone();
    } finally {
      stop();
    }
  }
}
