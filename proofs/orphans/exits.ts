/**
 * Kills the parents of programs that follow them: how long each program runs on. Takes how many,
 * and the limit in milliseconds, which holds on a machine that does nothing else.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Pidfd } from "../../mod.ts";
import { runtimeCommand } from "../../tests/support/processes.ts";

const COUNT = Number(process.argv[2] ?? 1000);
const LIMIT_MS = Number(process.argv[3] ?? 50);
const FIXTURE = fileURLToPath(
  new URL("../../tests/fixtures/exit_with_parent.ts", import.meta.url),
);

/** Null where the program has not come so far that it follows: a runtime may crash under load. */
async function round(): Promise<number | null> {
  const command = runtimeCommand(FIXTURE, { args: ["follow", "7"] });
  const parent = spawn("sh", ["-c", '"$@" & wait', "sh", ...command], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(parent, "exit");
  const [line] = await Promise.race(["data", "end"].map((event) => once(parent.stdout, event)));
  if (line === undefined) return exit.then(() => null);
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
let crashes = 0;
while (times.length < COUNT && crashes < COUNT) {
  const tookMs = await round();
  if (tookMs === null) crashes++;
  else times.push(tookMs);
}
times.sort((a, b) => a - b);
const late = times.filter((tookMs) => tookMs > LIMIT_MS).length;
const [median, longest] = [times[times.length >> 1], times[times.length - 1]].map(Math.round);
console.log(
  `  ${COUNT - late} of ${COUNT} within ${LIMIT_MS} ms, median ${median}, longest ${longest}; ` +
    `${crashes} did not start`,
);
process.exitCode = late === 0 ? 0 : 1;
