/** One round: so many random steps, and the end of all that was started. */
import { HANDLE_STEPS } from "./handle_steps.ts";
import { tick } from "./life.ts";
import { clearSlot, LIFE_STEPS } from "./life_steps.ts";
import { Finding, Model } from "./model.ts";
import { OWNER_STEPS } from "./owner_steps.ts";
import { Random } from "./random.ts";
import { TREE_STEPS } from "./tree_steps.ts";
import { WAIT_STEPS } from "./wait_steps.ts";
import { checkWaits, isAnyPending } from "./waits.ts";
import type { World } from "./world.ts";

/** Does one step; false where there is nothing to do it with. */
export type Step = (model: Model) => boolean | Promise<boolean>;

/** Steps, and how often each is chosen. */
export type Steps = Readonly<Record<string, readonly [weight: number, step: Step]>>;

const CHOICES = [LIFE_STEPS, OWNER_STEPS, HANDLE_STEPS, WAIT_STEPS, TREE_STEPS]
  .flatMap((steps) => Object.values(steps))
  .flatMap(([weight, step]) => Array<Step>(Math.ceil(weight * 3)).fill(step));

/** What a round came to. */
export interface Result {
  readonly finding: string | undefined;
  /** What was done, in words. */
  readonly log: readonly string[];
}

/** Plays one round, whose choices the seed alone makes. */
export async function play(world: World, seed: number, steps: number): Promise<Result> {
  const random = new Random(seed);
  const model = new Model(random, world);
  let finding: string | undefined;
  try {
    for (let done = 0; done < steps && !model.finding;) {
      if (await random.pick(CHOICES)!(model)) done++;
    }
    await endAll(model);
    await untilSettled(model);
    if (model.finding) throw model.finding;
    checkWaits(model);
  } catch (error) {
    finding = error instanceof Finding ? error.message : String((error as Error).stack);
    await endAll(model);
  }
  for (const { pidfd } of model.handles) pidfd.close();
  return { finding, log: model.log };
}

async function endAll(model: Model): Promise<void> {
  for (const slot of model.slots.keys()) if (model.slots[slot]) await clearSlot(model, slot);
  for (const life of model.lives) {
    // A child of ours that the runtime has not reaped: its pid is its own.
    if (life.kind !== "own") continue;
    life.receive("SIGKILL");
    life.child!.kill("SIGKILL");
    await life.settled();
  }
  for (const { tree } of model.trees) tree.close();
}

async function untilSettled(model: Model): Promise<void> {
  const end = performance.now() + 10_000;
  while (isAnyPending(model) && performance.now() < end) await tick();
}
