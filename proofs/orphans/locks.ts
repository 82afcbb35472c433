/**
 * Kills processes that have a lock, while others wait for it: each wait must get it. As root, one
 * in two of the holders, and of the programs that wait, is pid 1 of a pid namespace of its own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { lockFile, Pidfd } from "../../mod.ts";
import { HELPER, runtimeCommand } from "../../tests/support/processes.ts";

const COUNT = Number(process.argv[2] ?? 1000);
const LIMIT_MS = 10_000;
const FIXTURE = fileURLToPath(new URL("../../tests/fixtures/lock_file.ts", import.meta.url));
const folder = mkdtempSync(`${tmpdir()}/pidfd-locks-`);
const path = `${folder}/lock`;
/** A program that takes the lock, if wanted as pid 1 of a pid namespace of its own. */
function start(isPid1: boolean): ChildProcess {
  const through = isPid1 ? [HELPER, "in-own-proc", ""] : [];
  const [program, ...args] = runtimeCommand(FIXTURE, { through, args: [path, `${LIMIT_MS}`] });
  return spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
}

/** Three waits here and one of another program; the times until ours got the lock. */
async function round(isPid1: boolean, isOtherPid1: boolean): Promise<number[]> {
  const holder = start(isPid1);
  const exit = once(holder, "exit");
  await once(holder.stdout!, "data");
  const other = start(isOtherPid1);
  const otherExit = once(other, "exit");
  const said = once(other.stdout!, "data").then(([text]) => `${text}`);
  said.then(() => other.stdin!.end("\n"));
  const handle = Pidfd.fromPidfile(path)!;
  let killedAt = 0;
  const waits = [1, 2, 3].map(async () => {
    (await lockFile(path, { waitMs: LIMIT_MS })).release();
    return performance.now() - killedAt;
  });
  killedAt = performance.now();
  handle.signal("SIGKILL");
  handle.close();
  const results = await Promise.allSettled(waits);
  await Promise.all([exit, otherExit]);
  const times = results.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
  return (await said).startsWith("locked") ? times : [];
}

const times: number[] = [];
// A pid namespace needs root.
const isRoot = process.getuid!() === 0;
for (let count = 0; count < COUNT; count++) {
  times.push(...await round(isRoot && count % 2 === 1, isRoot && count % 4 > 1));
}
rmSync(folder, { recursive: true });
times.sort((a, b) => a - b);
const [median, longest] = [times[times.length >> 1], times[times.length - 1]].map(Math.round);
console.log(`  ${times.length} of ${3 * COUNT} waits, median ${median} ms, longest ${longest} ms`);
process.exitCode = times.length === 3 * COUNT ? 0 : 1;
