/** Kills the parents of programs that follow them: how long each program runs on. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Pidfd } from "../../mod.ts";
import { runtimeCommand } from "../../tests/support/processes.ts";

const COUNT = Number(process.argv[2] ?? 1000);
const LIMIT_MS = 50;
const FIXTURE = fileURLToPath(
  new URL("../../tests/fixtures/exit_with_parent.ts", import.meta.url),
);

async function round(): Promise<number> {
  const command = runtimeCommand(FIXTURE, { args: ["follow", "7"] });
  const parent = spawn("sh", ["-c", '"$@" & wait', "sh", ...command], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(parent, "exit");
  const [line] = await once(parent.stdout, "data");
  const child = Pidfd.open(Number(line));
  const start = performance.now();
  parent.kill("SIGKILL");
  await child.exited;
  const tookMs = performance.now() - start;
  child.close();
  await exit;
  return tookMs;
}

const times: number[] = [];
for (let count = 0; count < COUNT; count++) times.push(await round());
times.sort((a, b) => a - b);
const late = times.filter((tookMs) => tookMs > LIMIT_MS).length;
const [median, longest] = [times[times.length >> 1], times[times.length - 1]].map(Math.round);
console.log(
  `  ${COUNT - late} of ${COUNT} within ${LIMIT_MS} ms, median ${median}, longest ${longest}`,
);
process.exitCode = late === 0 ? 0 : 1;
