import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { exitCodeOf, features, Pidfd } from "../../mod.ts";
import { assertThrows, WRONG_NUMBERS } from "../support/errors.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";
import { ending, exitedWith, UNKNOWN } from "../support/statuses.ts";

test("status() is null while the process runs", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  assert.equal(handle.status(), null);
  handle.close();
  await helper.kill();
});

test("status() tells every exit code of a child, without reaping it", async () => {
  for (const code of [0, 1, 2, 7, 42, 126, 127, 128, 137, 254, 255]) {
    const child = spawn(HELPER, ["exit", String(code)]);
    const seen = new Promise((resolve) => child.on("exit", resolve));
    const handle = Pidfd.of(child);
    assert.deepEqual(ending(handle.waitSync()), exitedWith(code));
    assert.deepEqual(ending(handle.status()), exitedWith(code));
    assert.equal(await seen, code, "the runtime still sees its child end");
    handle.close();
  }
});

test("exitCodeOf() is a shell's exit code, and null where nobody knows", async () => {
  for (const [how, code] of [["exit 0", 0], ["exit 143", 143], ["kill -TERM $$", 143]] as const) {
    const handle = Pidfd.of(spawn("sh", ["-c", how]));
    const status = await handle.wait();
    assert.equal(exitCodeOf(status), code, how);
    assert.equal(exitCodeOf(JSON.parse(JSON.stringify(status))), code);
    handle.close();
  }
  const killed = { ...exitedWith(0), success: false, code: null, signal: "SIGRTMIN+3" };
  assert.equal(exitCodeOf(killed as never), 128 + 37);
  assert.equal(exitCodeOf(UNKNOWN as never), null);
  for (const [code, name] of [[undefined, "TypeError"], ["1", "TypeError"], [256, "RangeError"]]) {
    assert.throws(() => exitCodeOf({ known: true, signal: null, code } as never), { name });
  }
  for (const value of [null, undefined, 143, {}, "SIGTERM"]) {
    assert.throws(() => exitCodeOf(value as never), {
      name: "TypeError",
      message: /^Cannot tell an exit code: "status" must be an exit status: /,
    });
  }
});

const exitRecord = features().PIDFD_INFO_EXIT;
test("status() tells how a process ended that is not a child, once it was reaped", {
  skip: exitRecord.available ? false : exitRecord.found,
}, async () => {
  const helper = new Helper("zombie", "42");
  const handle = Pidfd.open(Number(await helper.line()));
  assert.equal(handle.state(), "exited");
  assert.deepEqual(handle.status(), UNKNOWN);
  helper.send();
  assert.equal(await helper.line(), "reaped");
  assert.equal(handle.state(), "reaped");
  assert.deepEqual(handle.status(), exitedWith(42));
  assert.deepEqual(handle.waitSync(), exitedWith(42));
  handle.close();
  await helper.end();
});

test("status() is not known, and not guessed, where nobody tells", async () => {
  const through = [HELPER, "deny-ioctl", String(0xC058FF0B), "25"];
  const result = await runScript("stranger_status.ts", { through });
  const expected = { exited: UNKNOWN, reaped: UNKNOWN, waited: UNKNOWN, state: "reaped" };
  assert.deepEqual(JSON.parse(result.stdout || "null"), expected, result.stderr);
});

test("state() goes from running to exited to reaped", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  assert.equal(handle.state(), "running");
  helper.child.kill("SIGKILL");
  assert.equal(handle.waitSync(10_000)!.signal, "SIGKILL");
  assert.equal(handle.state(), "exited");
  assert.equal(handle.isAlive(), false);
  await helper.exit;
  assert.equal(handle.state(), "reaped");
  assert.equal(handle.isAlive(), false);
  handle.close();
});

test("waitSync() gives null when the time is up, and not before", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const start = performance.now();
  assert.equal(handle.waitSync(30), null);
  assert.ok(performance.now() - start >= 29.9);
  assert.equal(handle.waitSync(0), null);
  handle.close();
  await helper.kill();
});

test("waitSync() on somebody else's zombie gives up when the time is up", async () => {
  const helper = new Helper("zombie", "9");
  const handle = Pidfd.open(Number(await helper.line()));
  assert.deepEqual(handle.waitSync(20), UNKNOWN);
  handle.close();
  await helper.end();
});

test("waitSync() refuses wrong times", () => {
  const handle = Pidfd.self();
  for (const value of [null, "7", 5n, {}]) {
    assert.throws(() => handle.waitSync(value as never), { name: "TypeError" });
  }
  for (const value of WRONG_NUMBERS.filter((number) => number !== Infinity)) {
    assert.throws(() => handle.waitSync(value), { name: "RangeError" });
  }
  handle.close();
});

test("waitSync() takes no stop and no continuation for an end", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  handle.signal("SIGSTOP");
  assert.equal(handle.waitSync(20), null);
  handle.signal("SIGCONT");
  assert.equal(handle.waitSync(20), null);
  handle.close();
  await helper.kill();
});

test("every look throws on a closed handle", () => {
  const handle = Pidfd.self();
  handle.close();
  const looks = {
    isAlive: () => handle.isAlive(),
    state: () => handle.state(),
    status: () => handle.status(),
    waitSync: () => handle.waitSync(0),
    reap: () => handle.reap(),
    fd: () => handle.fd,
    detach: () => handle.detach(),
  };
  for (const look of Object.values(looks)) {
    assertThrows(look, { name: "PidfdError", code: "EBADF", errno: -9, pid: process.pid });
  }
  assert.equal(handle.pid, process.pid);
  assert.equal(handle.closed, true);
});
