import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { HELPER, run, runScript, runtimeCommand } from "./support/processes.ts";

/** The proof with fewer children: a task of its own runs it with a thousand by each call. */
async function children(through: string[]): Promise<void> {
  const file = fileURLToPath(new URL("../proofs/waiting/children.ts", import.meta.url));
  const [program, ...args] = runtimeCommand(file, { through, args: ["30"] });
  const { code, stdout, stderr } = await run(program, args);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /spawn, opened later +status right 30 of 30, events right 30 of 30/);
}

test("wait() tells the end of children by each spawn call, whose runtime sees it too", async () => {
  await children([]);
});

test("wait() does so on a kernel that keeps no exit records, and guesses nothing for strangers", async () => {
  await children([HELPER, "deny-ioctl", String(0xC058FF0B), "25"]);
});

test("a pending wait is never dropped by the garbage collector", async () => {
  const { stdout, stderr } = await runScript("wait_collected.ts", { gc: true });
  assert.equal(stdout.trim(), "100 of 100", stderr);
});
