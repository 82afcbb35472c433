/**
 * Random steps against the model of process life. Arguments: how many steps, and the seed of the
 * first round. Prints what was done and what was left as JSON, and a finding with its steps.
 */
import { setTimeout } from "node:timers/promises";
import { countPidfds } from "../../tests/support/descriptors.ts";
import { held } from "../../tests/support/outcomes.ts";
import { play } from "./round.ts";
import { collect } from "./wait_steps.ts";
import { World } from "./world.ts";

const ROUND = 200;
const [steps, seed] = process.argv.slice(2).map(Number);

const count = () => ({ pidfds: countPidfds(), ...held() });

type Count = ReturnType<typeof count>;

/** What is left once the collector has closed what was forgotten, for which it gets some time. */
async function left(before: Count, limitMs: number): Promise<Count> {
  const end = performance.now() + limitMs;
  while (true) {
    collect();
    await setTimeout(5);
    const now = count();
    const isMore = (Object.keys(now) as (keyof Count)[]).some((name) => now[name] > before[name]);
    if (!isMore || performance.now() > end) return now;
  }
}

/** Rounds until so many steps are done, or one has a finding. */
async function playAll(world: World): Promise<{ done: number; finding?: string }> {
  let done = 0;
  for (let round = 0; done < steps; round++) {
    const length = Math.min(ROUND, steps - done);
    const { finding, log } = await play(world, seed + round, length);
    if (finding === undefined && world.hits === 0) {
      done += length;
      continue;
    }
    const what = finding ?? `${world.hits} signals reached a stranger`;
    const again = `--seed ${seed + round} --steps ${length}`;
    return { done, finding: `${what}\n${again}\n${log.map((step) => `  ${step}`).join("\n")}` };
  }
  return { done };
}

const world = new World();
// What is made once, the watcher and the runtime's own threads, is there after it.
await play(world, 0, ROUND);
const before = await left({ ...count(), pidfds: 0 }, 500);
const { done, finding } = await playAll(world);
const after = await left(before, 10_000);
const { strangers, hits } = world;
await world.end();
console.log(JSON.stringify({ done, strangers, hits, before, after, finding }));
process.exit();
