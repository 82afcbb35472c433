/** Trees of one to three processes, also of those whose pid a stranger has. */
import { killTree, ProcessTree } from "../../mod.ts";
import { onHandle } from "./handle_steps.ts";
import type { Life, SignalOfModel } from "./life.ts";
import { ask, expect, type Held, type Model } from "./model.ts";
import type { Steps } from "./round.ts";

const SIGNALS: readonly SignalOfModel[] = [0, 0, 0, "SIGSTOP", "SIGCONT", "SIGTERM", "SIGKILL"];

const membersOf = (life: Life) => [life, ...life.leaves.filter(({ isAlive }) => isAlive)];

function open(model: Model, { life, pidfd, fate }: Held): boolean | void {
  if (!life.isReapedToOrder || !life.isAlive || fate.isClosed) return false;
  const tree = ProcessTree.of(model.random.below(2) ? pidfd : life.pid);
  model.trees.push({ tree, lives: membersOf(life) });
  expect("size", String(tree.size), [String(membersOf(life).length)]);
}

async function signal(model: Model): Promise<boolean> {
  const held = model.random.pick(model.trees);
  if (!held) return false;
  const { tree, lives } = held;
  const name = model.random.pick(SIGNALS)!;
  model.note(`tree.signal(${name}) of ${lives.map(({ state }) => state)}`);
  const count = lives.filter(({ isAlive }) => isAlive).length;
  const allowed = tree.closed ? "EBADF" : String(count);
  expect("tree.signal()", ask(() => tree.signal(name)), [allowed]);
  if (tree.closed) return true;
  for (const life of lives) {
    life.receive(name);
    life.isMoving = true;
  }
  for (const life of lives) await life.settled();
  return true;
}

function refresh(model: Model): boolean {
  const held = model.random.pick(model.trees);
  if (!held) return false;
  const { tree } = held;
  model.note(`tree.refresh() of ${held.lives.map(({ state }) => state)}`);
  expect("refresh()", ask(() => tree.refresh().length), [tree.closed ? "EBADF" : "0"]);
  return true;
}

function close(model: Model): boolean {
  const held = model.random.pick(model.trees);
  if (!held) return false;
  model.note("tree.close()");
  held.tree.close();
  if (model.random.below(2)) model.trees = model.trees.filter((other) => other !== held);
  return true;
}

/** Of what runs everything ends; of what was reaped nobody does, whoever has the pid. */
async function kill(model: Model, { life, pidfd, fate }: Held): Promise<boolean | void> {
  if (fate.isClosed || life.kind === "self" || life.kind === "leaf") return false;
  // A tree has a pid at its root.
  if (fate.mayLackPid) return false;
  if (!life.isAlive && life.leaves.some(({ isAlive }) => isAlive)) return false;
  const isForced = model.random.below(2) === 1;
  const freeze = model.random.below(2) === 1;
  const members = membersOf(life).filter(({ isAlive }) => isAlive);
  model.note(`  ${isForced ? "by force" : "politely"}, freeze ${freeze}`);
  for (const member of members) member.isMoving = true;
  const options = isForced ? { killSignal: "SIGKILL" } as const : { graceMs: 20 };
  const { ended, escaped } = await killTree(pidfd, { ...options, freeze });
  for (const member of members) {
    member.end(...(isForced ? ["SIGKILL"] : ["SIGTERM", "SIGKILL"]));
    await member.settled();
  }
  expect("ended", String(ended.length), [String(members.length)]);
  expect("escaped", String(escaped.length), ["0"]);
}

export const TREE_STEPS: Steps = {
  openTree: [2, onHandle("ProcessTree.of", open)],
  signalTree: [3, signal],
  refreshTree: [2, refresh],
  closeTree: [1, close],
  killTree: [1, onHandle("killTree", kill)],
};
