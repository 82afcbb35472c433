import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { Pidfd } from "../../mod.ts";
import { countPidfds } from "../support/descriptors.ts";
import { assertThrows } from "../support/errors.ts";
import { canNotChoosePids, chooseNextPid } from "../support/pids.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";

test("of() opens a child in the tick that spawned it, also one that ends at once", async () => {
  for (let round = 0; round < 50; round++) {
    const child = spawn(HELPER, ["exit", "5"]);
    const handle = Pidfd.of(child);
    const exit = new Promise((resolve) => child.on("exit", resolve));
    assert.equal(handle.pid, child.pid);
    assert.equal(handle.waitSync(10_000)!.code, 5);
    assert.equal(await exit, 5);
    handle.close();
  }
});

test("of() takes the children of the runtime's own spawn call", async () => {
  const result = await runScript("own_spawn.ts");
  assert.equal(result.stdout.trim(), "7 7", result.stderr);
});

test("of() throws ESRCH for a child that the runtime has seen end", async () => {
  const helper = await paused();
  await helper.kill();
  const before = countPidfds();
  const pid = helper.child.pid!;
  assertThrows(() => Pidfd.of(helper.child), { name: "PidfdOpenFailedError", code: "ESRCH", pid });
  assertThrows(() => Pidfd.of({ pid }), { name: "PidfdOpenFailedError", code: "ESRCH", pid });
  assert.equal(countPidfds(), before);
});

test("of() opens a child that was killed and lives on", async () => {
  const child = spawn("sh", ["-c", "trap '' TERM; echo; exec sleep 1000"]);
  await once(child.stdout, "data");
  // Deno sets `signalCode` here, whatever the child does then.
  assert.equal(child.kill("SIGTERM"), true);
  const handle = Pidfd.of(child);
  assert.deepEqual([handle.pid, handle.isAlive()], [child.pid, true]);
  handle.signal("SIGKILL");
  await once(child, "exit");
  handle.close();
});

test("of() refuses another child of ours that has the pid of a killed one", {
  skip: canNotChoosePids,
}, async () => {
  const helper = await paused();
  const closed = once(helper.child, "close");
  await helper.kill();
  await closed;
  const pid = helper.child.pid!;
  for (let tries = 0;; tries++) {
    assert.ok(tries < 500, "the pid was not given away");
    chooseNextPid(pid);
    const child = spawn(HELPER, ["pause"]);
    try {
      if (child.pid !== pid) continue;
      assertThrows(() => Pidfd.of(helper.child), { code: "ESRCH", pid });
      break;
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
});

test("of() throws ESRCH for a process that is not a child, and leaks nothing", async () => {
  const helper = new Helper("zombie", "1");
  const pid = Number(await helper.line());
  const before = countPidfds();
  for (const stranger of [pid, process.pid, process.ppid]) {
    assertThrows(() => Pidfd.of({ pid: stranger }), { code: "ESRCH", pid: stranger });
  }
  assert.equal(countPidfds(), before);
  await helper.end();
});

test("of() refuses what is no started child", async () => {
  for (const value of [undefined, null, 7, "7", 5n]) {
    assert.throws(() => Pidfd.of(value as never), { name: "TypeError" });
  }
  assert.throws(() => Pidfd.of({}), { name: "TypeError", message: /was not started/ });
  for (const pid of [0, -1, NaN, 1.5, 2 ** 31]) {
    assert.throws(() => Pidfd.of({ pid }), { name: "RangeError" });
  }
  const child = spawn("/nonexistent/program");
  const failed = new Promise((resolve) => child.on("error", resolve));
  assert.throws(() => Pidfd.of(child), { name: "TypeError", message: /was not started/ });
  await failed;
});

test("a handle that is closed listens to its child no longer", async () => {
  const helper = await paused();
  const before = helper.child.listenerCount("exit");
  for (let round = 0; round < 20; round++) {
    const handle = Pidfd.of(helper.child);
    await assert.rejects(handle.wait({ timeoutMs: 0 }), { name: "TimeoutError" });
    handle.close();
  }
  assert.equal(helper.child.listenerCount("exit"), before);
  await helper.kill();
});
