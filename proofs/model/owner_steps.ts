/** How handles come to be, and what becomes of them. */
import { Pidfd } from "../../mod.ts";
import { onHandle } from "./handle_steps.ts";
import { ask, expect, expectOf, type Held, type Model } from "./model.ts";
import type { Steps } from "./round.ts";

/** By the bare pid, of whoever has it: of a stranger it is another handle. */
function open(model: Model): boolean {
  const life = model.random.pick(model.lives.filter((life) => life.isReapedToOrder));
  if (!life || (life.state === "reaped" && !life.hasStranger)) return false;
  model.note(`open ${life.state}${life.hasStranger ? ", a stranger's" : ""}`);
  const pidfd = Pidfd.open(life.pid);
  if (!life.hasStranger) {
    model.hold(pidfd, life);
    return true;
  }
  const old = model.handles.find((held) => held.life === life && !held.fate.isClosed);
  if (old) expect("equals() of a stranger", ask(() => old.pidfd.equals(pidfd)), ["false"]);
  pidfd.close();
  return true;
}

function openLeaf(model: Model): boolean {
  const leaf = model.random.pick(
    model.lives.filter(({ kind, isAlive }) => kind === "leaf" && isAlive),
  );
  if (!leaf) return false;
  model.note("open a leaf");
  model.hold(Pidfd.open(leaf.pid), leaf);
  return true;
}

function self(model: Model): boolean {
  model.note("self");
  model.hold(Pidfd.self(), model.lives[0]);
  return true;
}

/** The process itself while it is there, and never whoever has its pid. */
function reopen(model: Model, { life }: Held): void {
  const identity = life.identity!;
  const found = Pidfd.reopen(model.random.below(2) ? identity : String(identity));
  const allowed = life.states.map((state) => String(state !== "reaped"));
  expect("reopen()", String(found !== null), allowed);
  if (found) model.hold(found, life);
}

function detach(model: Model, held: Held): void {
  if (held.fate.isClosed) return expectOf(held, "detach()", () => held.pidfd.detach(), []);
  const fd = held.pidfd.detach();
  model.close(held);
  const { fate } = model.hold(Pidfd.fromFd(fd), held.life);
  fate.mayLackPid = held.fate.mayLackPid || held.life.states.includes("reaped");
}

function close(model: Model, held: Held): void {
  held.pidfd.close();
  model.close(held);
  expect("closed", String(held.pidfd.closed), ["true"]);
  if (model.random.below(2)) model.handles = model.handles.filter((other) => other !== held);
}

/** It is left to the garbage collector. */
function forget(model: Model, held: Held): void {
  model.handles = model.handles.filter((other) => other !== held);
}

function keepAlive(model: Model, { pidfd }: Held): void {
  const same = model.random.below(2) ? pidfd.ref() : pidfd.unref();
  expect("ref()", String(same === pidfd), ["true"]);
}

export const OWNER_STEPS: Steps = {
  open: [3, open],
  openLeaf: [1, openLeaf],
  self: [1, self],
  reopen: [3, onHandle("reopen", reopen)],
  detach: [1, onHandle("detach", detach)],
  close: [2, onHandle("close", close)],
  forget: [1, onHandle("forget", forget)],
  keepAlive: [1, onHandle("ref", keepAlive)],
};
