/** What a wait may come to, by the model. */
import { nameOf } from "../../tests/support/outcomes.ts";
import { type Life, wordOf } from "./life.ts";
import { expect, type Fate, Finding, type Held, type Model } from "./model.ts";
import type { ExitStatus, WaitOptions } from "../../mod.ts";

/** A promise that has to settle. */
export interface Wait {
  readonly what: string;
  readonly life: Life;
  readonly fate: Fate;
  readonly options: WaitOptions;
  /** Whether it is that of `exited`, which stays pending where the handle is closed early. */
  readonly isOfEnd: boolean;
  /** What it came to; undefined while it is pending. */
  word?: string;
}

/** Keeps an eye on a promise of `wait()` or of `exited`. */
export function follow(
  model: Model,
  { life, fate }: Held,
  promise: Promise<ExitStatus | void>,
  options?: WaitOptions,
): void {
  const isOfEnd = options === undefined;
  const what = `${isOfEnd ? "exited" : "wait"} of step ${model.log.length}`;
  const wait: Wait = { what, life, fate, options: options ?? {}, isOfEnd };
  model.waits.push(wait);
  const settle = (word: string, check: () => void) => {
    wait.word = word;
    try {
      check();
    } catch (error) {
      model.finding ??= error as Finding;
    }
  };
  promise.then(
    (status) => settle(status ? wordOf(status) : "exited", () => checkEnd(wait)),
    (error) => settle(nameOf(error), () => checkFailure(wait, error)),
  );
}

function checkEnd({ what, life, fate, options, isOfEnd }: Wait): void {
  if (isOfEnd && fate.isClosedEarly) throw new Finding(`${what} settled under a closed handle`);
  if (life.isMoving) return;
  if (life.isAlive) throw new Finding(`${what} resolved while the process is ${life.state}`);
  const isEarly = life.isReapedToOrder && life.state !== "reaped";
  if (isEarly && !isOfEnd && options.statusMs === undefined) {
    throw new Finding(`${what} resolved before the process was reaped`);
  }
}

function checkFailure({ what, life, fate, options, isOfEnd, word }: Wait, error: Error): void {
  const isDue = word === "EBADF" && fate.isClosed && !isOfEnd ||
    error.name === "TimeoutError" && options.timeoutMs !== undefined ||
    options.signal?.aborted === true && error === options.signal.reason;
  if (!isDue) throw new Finding(`${what} rejected: ${error}`);
  if (life.isMoving || error.name !== "TimeoutError") return;
  if (/has not ended/.test(error.message)) expect(what, String(life.isAlive), ["true"]);
}

/** All that must have settled has, and what was said of ends is what they were. */
export function checkWaits({ waits }: Model): void {
  for (const { what, word, life, fate, options, isOfEnd } of waits) {
    if (word === undefined && !(isOfEnd && fate.isClosed)) throw new Finding(`${what} hangs`);
    if (word === undefined || word === "exited" || !/^(SIG|\d|unknown)/.test(word)) continue;
    const unknown = options.statusMs === undefined ? [] : ["unknown"];
    expect(what, word, [...life.endings, ...unknown]);
  }
}

/** Whether a wait is pending that will settle by itself. */
export function isAnyPending({ waits }: Model): boolean {
  return waits.some(({ word, isOfEnd, fate }) => word === undefined && !(isOfEnd && fate.isClosed));
}
