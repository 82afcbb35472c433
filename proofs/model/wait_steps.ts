/** Waits, what gives them up, and what ends the process first. */
import type { WaitOptions } from "../../mod.ts";
import { nameOf } from "../../tests/support/outcomes.ts";
import { wordOf } from "./life.ts";
import { expect, type Held, type Model, statusesOf } from "./model.ts";
import { onHandle } from "./handle_steps.ts";
import type { Steps } from "./round.ts";
import { follow } from "./waits.ts";

const collect = (globalThis as { gc?: () => void }).gc ??
  (() => (globalThis as unknown as { Bun: { gc(force: boolean): void } }).Bun.gc(true));

function wait(model: Model, held: Held): boolean | void {
  const { random, controllers } = model;
  // Nothing will end such a wait.
  if (held.life.kind === "self") return false;
  const options: { -readonly [Name in keyof WaitOptions]: WaitOptions[Name] } = {};
  if (random.below(3) === 0) options.timeoutMs = random.pick([0, 1, 3]);
  if (random.below(3) === 0) options.statusMs = random.pick([0, 2]);
  if (random.below(3) === 0) {
    if (random.below(2) || controllers.length === 0) controllers.push(new AbortController());
    options.signal = random.pick(controllers)!.signal;
  }
  const { timeoutMs, statusMs, signal } = options;
  model.note(`  timeoutMs ${timeoutMs}, statusMs ${statusMs}, signal ${signal?.aborted}`);
  follow(model, held, held.pidfd.wait(options), options);
}

function exited(model: Model, held: Held): boolean | void {
  if (held.life.kind === "self") return false;
  let promise: Promise<void>;
  try {
    promise = held.pidfd.exited;
  } catch (error) {
    return expect("exited", nameOf(error), held.fate.isClosed ? ["EBADF"] : []);
  }
  follow(model, held, promise);
}

function abort(model: Model): boolean {
  const controller = model.random.pick(model.controllers);
  if (!controller) return false;
  model.note("abort");
  controller.abort();
  return true;
}

/** Politely, which ends all but those that ignore it; then by force. SIGCONT follows the signal. */
async function terminate(_: Model, held: Held): Promise<boolean | void> {
  const { life, pidfd } = held;
  if (life.kind === "self") return false;
  const isStubborn = life.isAlive && life.ignoresTerm;
  const graceMs = isStubborn ? 2 : 20_000;
  const wasAlive = life.isAlive;
  life.isMoving = true;
  const result = await pidfd.terminate({ graceMs, statusMs: 0 }).catch(nameOf);
  life.isMoving = false;
  if (typeof result === "string") {
    return expect("terminate()", result, held.fate.isClosed ? ["EBADF"] : []);
  }
  if (wasAlive) life.end(isStubborn ? "SIGKILL" : "SIGTERM");
  await life.settled();
  expect("terminate().forced", String(result.forced), [String(isStubborn)]);
  expect("terminate().status", wordOf(result.status), statusesOf(life));
}

/** What gives it up before the call, or right after it, when the polite signal was sent. */
async function giveUp(model: Model, held: Held): Promise<boolean | void> {
  const { life, pidfd, fate } = held;
  if (life.kind === "self" || fate.isClosed) return false;
  const isLate = model.random.below(2) === 1;
  model.note(`  ${isLate ? "after" : "before"} the signal`);
  const controller = new AbortController();
  if (!isLate) controller.abort();
  const { signal } = controller;
  const result = pidfd.terminate({ graceMs: 20_000, signal }).then(() => "done", nameOf);
  if (isLate) {
    life.receive("SIGTERM");
    life.receive("SIGCONT");
    pidfd.close();
    model.close(held);
  }
  await life.settled();
  const aborted = nameOf(signal.reason ?? "");
  expect("terminate()", await result, isLate ? ["EBADF"] : [aborted]);
}

function collectGarbage(model: Model): boolean {
  model.note("collect garbage");
  collect();
  return true;
}

export const WAIT_STEPS: Steps = {
  wait: [10, onHandle("wait", wait)],
  exited: [5, onHandle("exited", exited)],
  abort: [3, abort],
  terminate: [2, onHandle("terminate", terminate)],
  giveUp: [1, onHandle("terminate, given up,", giveUp)],
  collectGarbage: [0.3, collectGarbage],
};

export { collect };
