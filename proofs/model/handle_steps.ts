/** What a handle answers at once. */
import type { Life, SignalOfModel } from "./life.ts";
import { wordOf } from "./life.ts";
import { expectOf, type Held, type Model, status, statusesOf } from "./model.ts";
import type { Step, Steps } from "./round.ts";

const SIGNALS: readonly SignalOfModel[] = [
  0,
  0,
  "SIGSTOP",
  "SIGCONT",
  "SIGCONT",
  "SIGTERM",
  "SIGKILL",
];

type OnHandle = (model: Model, held: Held) => unknown;

/** A step on a random handle, also on one that is closed. */
export function onHandle(name: string, act: OnHandle): Step {
  return async (model) => {
    const held = model.random.pick(model.handles);
    if (!held) return false;
    model.note(`${name} ${describe(model, held)}`);
    return await act(model, held) !== false;
  };
}

function describe({ handles, lives }: Model, { life, fate }: Held): string {
  const stranger = life.hasStranger ? ", its pid reused" : "";
  const closed = fate.isClosed ? ", closed" : "";
  return `${life.kind} ${
    lives.indexOf(life)
  } (${life.state}${stranger}${closed}) of ${handles.length}`;
}

async function signal(model: Model, held: Held): Promise<void> {
  const { life, pidfd } = held;
  const name = life.kind === "self" ? 0 : model.random.pick(SIGNALS)!;
  model.note(`  ${name}`);
  expectOf(held, `signal(${name})`, () => pidfd.signal(name), [String(life.isAlive)]);
  if (held.fate.isClosed) return;
  life.receive(name);
  await life.settled();
}

function identity(_: Model, held: Held): void {
  const { life, pidfd, fate } = held;
  const allowed = [String(life.identity), ...(fate.mayLackPid ? ["ESRCH"] : [])];
  expectOf(held, "identity()", () => pidfd.identity(), allowed);
}

function equals(model: Model, held: Held): void {
  const other = model.random.pick(model.handles)!;
  const allowed = other.fate.isClosed ? ["EBADF"] : [String(other.life === held.life)];
  expectOf(held, "equals()", () => held.pidfd.equals(other.pidfd), allowed);
}

function info(_: Model, held: Held): void {
  expectOf(held, "info().state", () => held.pidfd.info().state, held.life.states);
}

function reap(_: Model, held: Held): boolean | void {
  if (held.life.kind === "own" || held.life.kind === "self") return false;
  expectOf(held, "reap()", () => held.pidfd.reap(), ["ECHILD"]);
}

function waitSync(_: Model, held: Held): void {
  const isTold = held.life.state === "reaped" || held.life.kind === "own";
  const limit = isTold && !held.life.isAlive ? undefined : 0;
  const call = () => wordOf(held.pidfd.waitSync(limit));
  expectOf(held, `waitSync(${limit})`, call, statusesOf(held.life));
}

const alive = (life: Life) => [String(life.isAlive)];

export const HANDLE_STEPS: Steps = {
  signal: [12, onHandle("signal", signal)],
  isAlive: [
    4,
    onHandle(
      "isAlive",
      (_, held) => expectOf(held, "isAlive()", () => held.pidfd.isAlive(), alive(held.life)),
    ),
  ],
  state: [
    4,
    onHandle(
      "state",
      (_, held) => expectOf(held, "state()", () => held.pidfd.state(), held.life.states),
    ),
  ],
  status: [
    6,
    onHandle(
      "status",
      (_, held) => expectOf(held, "status()", () => status(held), statusesOf(held.life)),
    ),
  ],
  identity: [2, onHandle("identity", identity)],
  equals: [2, onHandle("equals", equals)],
  info: [1, onHandle("info", info)],
  reap: [1, onHandle("reap", reap)],
  waitSync: [3, onHandle("waitSync", waitSync)],
};
