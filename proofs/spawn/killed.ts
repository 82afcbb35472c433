/**
 * A program is killed at a random moment while it starts processes with its own lifetime: whether
 * any of them is left. Takes the number of rounds.
 */
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { spawn } from "../../mod.ts";
import { runtimeCommand } from "../../tests/support/processes.ts";
import { marked } from "./marked.ts";

const rounds = Number(process.argv.at(-1));
const [command, ...args] = runtimeCommand(fileURLToPath(new URL("starter.ts", import.meta.url)));

let left = 0;
let seen = 0;
for (let round = 0; round < rounds; round++) {
  const mark = `PIDFD_PROOF=${randomUUID()}`;
  const [name, value] = mark.split("=");
  const env = { [name]: value, NODE_NO_WARNINGS: "1" };
  const program = spawn(command, args, { env, stdout: "pipe" });
  for await (const bytes of program.stdout!) if (String(bytes).includes("ready")) break;
  await setTimeout(Math.random() * 40);
  if (round % 20 === 0) seen += marked(mark).length - 1;
  program.kill("SIGKILL");
  await program.status;
  let survivors = marked(mark);
  for (let wait = 0; survivors.length > 0 && wait < 100; wait++) {
    await setTimeout(10);
    survivors = marked(mark);
  }
  left += survivors.length;
  for (const pid of survivors) process.kill(pid, "SIGKILL");
}
console.log(
  `  ${rounds} programs killed while they started processes: ${left} left (of ${seen} seen in a twentieth)`,
);
process.exitCode = left === 0 && seen > 0 ? 0 : 1;
