/** What happens to processes, whoever looks. */
import { spawn } from "node:child_process";
import { Pidfd } from "../../mod.ts";
import { HELPER } from "../../tests/support/processes.ts";
import { Life, tick } from "./life.ts";
import type { Model } from "./model.ts";
import type { Steps } from "./round.ts";

const isUsed = (model: Model, suits: (life: Life) => boolean) =>
  model.random.pick([...model.slots.keys()].filter((slot) => {
    const life = model.slots[slot];
    return life !== undefined && suits(life);
  }));

async function start(model: Model, command: "n" | "i" | "t"): Promise<boolean> {
  const slot = model.slots.indexOf(undefined);
  if (slot < 0) return false;
  model.note(`start ${command} in slot ${slot}`);
  const [pid, ...leaves] = await model.world.ask(`${command} ${slot}`);
  const life = new Life(command === "t" ? "root" : "foreign", pid);
  life.ignoresTerm = command === "i";
  life.leaves = leaves.map((leaf) => new Life("leaf", leaf));
  model.lives.push(life, ...life.leaves);
  model.slots[slot] = life;
  model.hold(Pidfd.open(pid), life);
  return true;
}

async function exit(model: Model): Promise<boolean> {
  const slot = isUsed(model, (life) => life.state === "running");
  if (slot === undefined) return false;
  const code = model.random.below(256);
  model.note(`exit with ${code} in slot ${slot}`);
  const life = model.slots[slot]!;
  life.end(String(code));
  life.isMoving = true;
  await model.world.ask(`e ${slot} ${code}`);
  await life.settled();
  return true;
}

async function reap(model: Model): Promise<boolean> {
  const slot = isUsed(model, (life) => life.state === "exited");
  if (slot === undefined) return false;
  model.note(`reap in slot ${slot}`);
  const life = model.slots[slot]!;
  life.state = "reaped";
  life.isMoving = true;
  await model.world.ask(`r ${slot}`);
  life.isMoving = false;
  return true;
}

async function recycle(model: Model): Promise<boolean> {
  const slot = isUsed(model, (life) => life.state === "reaped" && !life.hasStranger);
  if (slot === undefined) return false;
  model.note(`give the pid in slot ${slot} to a stranger`);
  const [made] = await model.world.ask(`s ${slot}`);
  model.slots[slot]!.hasStranger = made === 1;
  model.world.strangers += made;
  return true;
}

/** Forgets a process that is over, or its stranger, whose signals are counted. */
async function clear(model: Model): Promise<boolean> {
  const slot = isUsed(model, (life) => life.state === "reaped");
  if (slot === undefined) return false;
  model.note(`clear slot ${slot}`);
  await clearSlot(model, slot);
  return true;
}

/** The same of any slot; whatever lives in it is killed. */
export async function clearSlot(model: Model, slot: number): Promise<void> {
  const life = model.slots[slot]!;
  const all = [life, ...life.leaves];
  for (const each of all) {
    each.receive("SIGKILL");
    each.isMoving = true;
  }
  life.state = "reaped";
  const [hits] = await model.world.ask(`c ${slot}`);
  for (const each of all) each.isMoving = false;
  life.hasStranger = false;
  model.world.hits += hits;
  model.slots[slot] = undefined;
}

function spawnOwn(model: Model): boolean {
  if (model.lives.filter(({ kind }) => kind === "own").length >= 2) return false;
  model.note("spawn an own child");
  const child = spawn(HELPER, ["pause"], { stdio: "ignore" });
  const life = new Life("own", child.pid!);
  life.child = child;
  model.lives.push(life);
  model.hold(Pidfd.of(child), life);
  return true;
}

/** A turn of the event loop. */
async function turn(model: Model): Promise<boolean> {
  model.note("turn");
  await tick();
  return true;
}

export const LIFE_STEPS: Steps = {
  start: [6, (model) => start(model, model.random.pick(["n", "n", "i", "t"] as const)!)],
  spawnOwn: [1, spawnOwn],
  exit: [2, exit],
  reap: [6, reap],
  recycle: [6, recycle],
  clear: [3, clear],
  turn: [6, turn],
};
