import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { features, Pidfd } from "../../mod.ts";
import { dumpsIntoFolder } from "../support/breeder.ts";
import { HELPER, run, runScript, runtimeCommand } from "../support/processes.ts";
import { ending, exitedWith, killedBy } from "../support/statuses.ts";

/** The proof with fewer children: a task of its own runs it with a thousand by each call. */
async function children(through: string[]): Promise<void> {
  const file = fileURLToPath(new URL("../../proofs/waiting/children.ts", import.meta.url));
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

const exitRecord = features().PIDFD_INFO_EXIT;
const needsPlainCores = dumpsIntoFolder ? false : "cores go elsewhere here (core_pattern)";

test("wait() tells whether a child by each spawn call has dumped its core", {
  // Without exit records it is told only if the watcher looks before the runtime has reaped its
  // child.
  skip: exitRecord.available ? needsPlainCores : exitRecord.found,
}, async () => {
  const { stdout, stderr } = await runScript("core_dumps.ts");
  assert.equal(stdout.trim(), "right", stderr);
});

test("wait() tells the end of a module that was forked", async () => {
  const module = fileURLToPath(new URL("../fixtures/ends.ts", import.meta.url));
  const first = fork(module, ["7"], { silent: true });
  const handle = Pidfd.of(first);
  const exit = once(first, "exit");
  assert.deepEqual(ending(await handle.wait()), exitedWith(7));
  assert.deepEqual(await exit, [7, null]);
  handle.close();

  const second = fork(module, ["stay"], { silent: true });
  const ready = once(second, "message");
  const end = once(second, "exit");
  const other = Pidfd.of(second);
  await ready;
  other.signal("SIGTERM");
  assert.deepEqual(ending(await other.wait()), killedBy("SIGTERM"));
  assert.deepEqual(await end, [null, "SIGTERM"]);
  other.close();
});

test("a pending wait is never dropped by the garbage collector", async () => {
  const { stdout, stderr } = await runScript("wait_collected.ts", { gc: true });
  assert.equal(stdout.trim(), "100 of 100", stderr);
});
