/** Kills processes that have a lock, while others wait for it: each wait must get it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { lockFile } from "../../mod.ts";
import { runtimeCommand } from "../../tests/support/processes.ts";

const COUNT = Number(process.argv[2] ?? 1000);
const LIMIT_MS = 10_000;
const FIXTURE = fileURLToPath(new URL("../../tests/fixtures/lock_file.ts", import.meta.url));
const folder = mkdtempSync(`${tmpdir()}/pidfd-locks-`);
const path = `${folder}/lock`;
const [program, ...args] = runtimeCommand(FIXTURE, { args: [path, "30000"] });

let longest = 0;
let missed = 0;
for (let count = 0; count < COUNT; count++) {
  const holder = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const exit = once(holder, "exit");
  await once(holder.stdout, "data");
  const waits = [1, 2, 3].map(async () => (await lockFile(path, { waitMs: LIMIT_MS })).release());
  const start = performance.now();
  holder.kill("SIGKILL");
  const results = await Promise.allSettled(waits);
  longest = Math.max(longest, performance.now() - start);
  missed += results.filter(({ status }) => status === "rejected").length;
  await exit;
}
rmSync(folder, { recursive: true });
console.log(`  ${3 * COUNT - missed} of ${3 * COUNT} waits, the longest ${Math.round(longest)} ms`);
process.exitCode = missed === 0 ? 0 : 1;
