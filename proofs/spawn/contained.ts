/**
 * A program that starts and ends contained processes is ended at a random moment, by a signal in
 * turn: whether anything is left a second later. Takes the number of rounds.
 */
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { spawn } from "../../mod.ts";
import { untilPrinted } from "../../tests/support/contained.ts";
import { runtimeCommand } from "../../tests/support/processes.ts";
import { childrenOf, marked } from "./marked.ts";

const SIGNALS = ["SIGTERM", "SIGINT", "SIGKILL"] as const;
const AFTER_MS = 1000;

const rounds = Number(process.argv.at(-1));
const file = fileURLToPath(new URL("../../tests/fixtures/contained_starter.ts", import.meta.url));

/** Whoever is left of one round: those that carry its mark, and its guards. */
async function round(index: number): Promise<{ seen: number; left: number[] }> {
  const mark = `PIDFD_PROOF=${randomUUID()}`;
  const [name, value] = mark.split("=");
  const [command, ...args] = runtimeCommand(file, {
    args: [index % 4 === 0 ? "once" : "on and on"],
  });
  const env = { [name]: value, NODE_NO_WARNINGS: "1" };
  const program = spawn(command, args, { env, stdout: "pipe" });
  await untilPrinted(program.stdout!);
  await setTimeout(Math.random() * 60);
  const guards = childrenOf(program.pid);
  const seen = index % 20 === 0 ? marked(mark).length - 1 : 0;
  program.kill(SIGNALS[index % SIGNALS.length]);
  await program.status;
  await setTimeout(AFTER_MS);
  const left = [
    ...marked(mark),
    ...guards.filter((guard) => guard.isAlive()).map(({ pid }) => pid),
  ];
  for (const guard of guards) guard.close();
  program.stdout!.destroy();
  return { seen, left };
}

let left = 0;
let seen = 0;
const AT_ONCE = 4;
for (let first = 0; first < rounds; first += AT_ONCE) {
  const indexes = Array.from({ length: Math.min(AT_ONCE, rounds - first) }, (_, n) => first + n);
  for (const one of await Promise.all(indexes.map(round))) {
    left += one.left.length;
    seen += one.seen;
    for (const pid of one.left) process.kill(pid, "SIGKILL");
  }
}
console.log(
  `  ${rounds} programs ended while they started contained processes: ${left} left a second later` +
    ` (of ${seen} seen in a twentieth)`,
);
process.exitCode = left === 0 && seen > 0 ? 0 : 1;
