import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { features, Pidfd, processes } from "../../mod.ts";
import { countPidfds } from "../support/descriptors.ts";
import { WRONG_NUMBERS } from "../support/errors.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";
import { ending, exitedWith } from "../support/statuses.ts";

const exitRecord = features().PIDFD_INFO_EXIT;
const needsExitRecord = exitRecord.available ? false : exitRecord.found;

test("wait() resolves with every exit code of a child, which the runtime sees too", async () => {
  const codes = Array.from({ length: 256 }, (_, code) => code);
  for (let first = 0; first < codes.length; first += 32) {
    await Promise.all(
      codes.slice(first, first + 32).map(async (code) => {
        const child: ChildProcess = spawn(HELPER, ["exit", String(code)]);
        const exit = once(child, "exit");
        const handle = Pidfd.of(child);
        assert.deepEqual(ending(await handle.wait()), exitedWith(code));
        assert.deepEqual(await exit, [code, null]);
        handle.close();
      }),
    );
  }
});

test("wait() resolves with the signal that ended a child", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const waiting = handle.wait();
  handle.signal("SIGKILL");
  assert.equal((await waiting).signal, "SIGKILL");
  await helper.exit;
  assert.equal((await handle.wait()).signal, "SIGKILL", "and again after the reap");
  handle.close();
});

test("wait() on a process that is not a child resolves when its parent reaps it, exited before", {
  skip: needsExitRecord,
}, async () => {
  const helper = new Helper("parent");
  const handle = Pidfd.open(Number(await helper.line()));
  const order: string[] = [];
  const exited = handle.exited.then(() => order.push("exited"));
  const waiting = handle.wait().then((status) => (order.push("told"), status));
  handle.signal("SIGUSR2");
  assert.equal(await helper.line(), "ended");
  await exited;
  assert.equal(handle.state(), "exited");
  await handle.exited;
  assert.deepEqual(order, ["exited"]);
  helper.send();
  const status = await waiting;
  assert.equal(status.signal, "SIGUSR2");
  assert.equal(handle.state(), "reaped");
  handle.close();
  await helper.end();
});

test("a stop and a continuation are no end", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  let ended = false;
  const waiting = handle.wait().finally(() => ended = true);
  handle.signal("SIGSTOP");
  handle.signal("SIGCONT");
  await assert.rejects(handle.wait({ timeoutMs: 50 }), { name: "TimeoutError" });
  assert.equal(ended, false);
  handle.signal("SIGTERM");
  assert.equal((await waiting).signal, "SIGTERM");
  await helper.exit;
  handle.close();
});

test("wait() rejects when the time is up, and the next one goes on", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  await assert.rejects(handle.wait({ timeoutMs: 0 }), { name: "TimeoutError", code: 23 });
  await assert.rejects(handle.wait({ timeoutMs: 5 }), { name: "TimeoutError" });
  const waiting = handle.wait({ timeoutMs: 2 ** 31 - 1 });
  handle.signal("SIGKILL");
  assert.equal((await waiting).signal, "SIGKILL");
  await helper.exit;
  handle.close();
});

test("wait() rejects with the reason of its signal, before, during, and not after", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const reason = new Error("no longer of interest");
  await assert.rejects(handle.wait({ signal: AbortSignal.abort(reason) }), reason);
  const during = new AbortController();
  const waiting = handle.wait({ signal: during.signal, timeoutMs: 60_000 });
  during.abort(reason);
  await assert.rejects(waiting, reason);
  const after = new AbortController();
  const ended = handle.wait({ signal: after.signal });
  handle.signal("SIGKILL");
  assert.equal((await ended).signal, "SIGKILL");
  after.abort(reason);
  await helper.exit;
  handle.close();
});

test("close() during a wait rejects it, and leaves exited pending", async () => {
  const helper = await paused();
  const before = countPidfds();
  const [handle, unasked] = [Pidfd.of(helper.child), Pidfd.of(helper.child)];
  const { exited } = handle;
  let settled = false;
  exited.finally(() => settled = true);
  const waits = [handle.wait(), handle.wait({ timeoutMs: 60_000 })];
  const rejected = Promise.all(waits.map((wait) => assert.rejects(wait, { code: "EBADF" })));
  handle.close();
  unasked.close();
  await rejected;
  assert.equal(countPidfds(), before);
  await assert.rejects(handle.wait(), { code: "EBADF" });
  assert.equal(handle.exited, exited);
  assert.throws(() => unasked.exited, { code: "EBADF" });
  await setTimeout(20);
  assert.equal(settled, false);
  await helper.kill();
});

test("wait() and terminate() refuse wrong options before any native call", async () => {
  const handle = Pidfd.self();
  const before = countPidfds();
  for (const options of [null, 7, "7"]) {
    await assert.rejects(handle.wait(options as never), { name: "TypeError" });
    await assert.rejects(handle.terminate(options as never), { name: "TypeError" });
  }
  for (const value of [null, "7", 5n, {}]) {
    await assert.rejects(handle.wait({ timeoutMs: value as never }), { name: "TypeError" });
    await assert.rejects(handle.wait({ statusMs: value as never }), { name: "TypeError" });
    await assert.rejects(handle.wait({ signal: value as never }), { name: "TypeError" });
    await assert.rejects(handle.terminate({ graceMs: value as never }), { name: "TypeError" });
    await assert.rejects(handle.terminate({ statusMs: value as never }), { name: "TypeError" });
  }
  for (const value of WRONG_NUMBERS) {
    await assert.rejects(handle.wait({ statusMs: value }), { name: "RangeError" });
    if (value !== Infinity) {
      await assert.rejects(handle.wait({ timeoutMs: value }), { name: "RangeError" });
      await assert.rejects(handle.terminate({ graceMs: value }), { name: "RangeError" });
    }
    await assert.rejects(handle.terminate({ statusMs: value }), { name: "RangeError" });
  }
  await assert.rejects(handle.terminate({ killSignal: 0 }), {
    name: "RangeError",
    message: /"killSignal" must be a signal: 0 is none/,
  });
  await assert.rejects(handle.terminate({ killSignal: "SIGTREM" as never }), { name: "TypeError" });
  assert.equal(countPidfds(), before);
  handle.close();
});

test("terminate() asks politely, and forces what does not listen", async () => {
  const polite = await paused();
  const first = Pidfd.of(polite.child);
  const { forced, status, durationMs } = await first.terminate();
  assert.equal(forced, false);
  assert.equal(status.signal, "SIGTERM");
  assert.ok(durationMs >= 0);
  assert.equal((await first.terminate()).forced, false, "again, on one that has ended");
  first.close();
  await polite.exit;

  const stubborn = await paused();
  const second = Pidfd.of(stubborn.child);
  const result = await second.terminate({ killSignal: "SIGURG", graceMs: 20 });
  assert.equal(result.forced, true);
  assert.equal(result.status.signal, "SIGKILL");
  assert.ok(result.durationMs >= 19);
  second.close();
  await stubborn.exit;
});

test("terminate() resumes a stopped process, which ends without force", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  handle.signal("SIGSTOP");
  while (processes().find(({ pid }) => pid === handle.pid)?.state !== "T") await setTimeout(1);
  const { forced, status } = await handle.terminate({ graceMs: 20_000, statusMs: 10_000 });
  assert.deepEqual([forced, status.signal], [false, "SIGTERM"]);
  handle.close();
  await helper.exit;
});

test("terminate() with graceMs: Infinity never forces", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  let isOver = false;
  const ending = handle.terminate({ killSignal: "SIGURG", graceMs: Infinity });
  ending.then(() => isOver = true);
  await setTimeout(50);
  assert.deepEqual([isOver, handle.isAlive()], [false, true]);
  handle.signal("SIGINT");
  const { forced, status } = await ending;
  assert.deepEqual([forced, status.signal], [false, "SIGINT"]);
  handle.close();
  await helper.exit;
});

test("terminate() that is aborted leaves the process as it is", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const reason = new Error("stay");
  const abort = new AbortController();
  const ending = handle.terminate({ killSignal: "SIGURG", graceMs: 60_000, signal: abort.signal });
  abort.abort(reason);
  await assert.rejects(ending, reason);
  assert.equal(handle.isAlive(), true);
  handle.close();
  await helper.kill();
});

/** The child of a shell, which stands still and reaps it when it goes on. */
async function stranger(): Promise<{ handle: Pidfd; reap: () => void; end: () => Promise<void> }> {
  const shell = spawn("sh", ["-c", "sleep 1000 & echo $!; wait $!; read line"]);
  // By a handle, because Deno's own child takes one signal alone.
  const parent = Pidfd.of(shell);
  const exit = once(shell, "exit");
  const [line] = await once(shell.stdout, "data");
  parent.signal("SIGSTOP");
  while (processes().find(({ pid }) => pid === shell.pid)?.state !== "T") await setTimeout(1);
  const end = async () => {
    parent.signal("SIGKILL");
    parent.close();
    await exit;
  };
  return { handle: Pidfd.open(Number(line)), reap: () => parent.signal("SIGCONT"), end };
}

test("terminate() waits until a stranger's parent has reaped it, and no longer than statusMs", {
  skip: needsExitRecord,
}, async () => {
  const { handle, reap, end } = await stranger();
  const ending = handle.terminate({ statusMs: 60_000 });
  await handle.exited;
  await setTimeout(50);
  reap();
  const { status, durationMs } = await ending;
  assert.equal(status.signal, "SIGTERM");
  assert.ok(durationMs < 60_000);
  assert.equal(handle.state(), "reaped");
  handle.close();
  await end();
});

test("terminate() of a stranger that nobody reaps has no status, and can be given up", async () => {
  const { handle, end } = await stranger();
  for (const statusMs of [0, 20, undefined]) {
    assert.equal((await handle.terminate({ statusMs })).status.known, false);
  }
  assert.equal(handle.state(), "exited");
  const signal = AbortSignal.timeout(20);
  const patient = handle.terminate({ statusMs: 60_000, signal });
  if (exitRecord.available) await assert.rejects(patient, (reason) => reason === signal.reason);
  else assert.equal((await patient).status.known, false);
  handle.close();
  await end();
});

test("wait() gives the status of a stranger statusMs after its end, and then none", async () => {
  const { handle, reap, end } = await stranger();
  const limited = { timeoutMs: 20, statusMs: 0 };
  await assert.rejects(handle.wait(limited), { name: "TimeoutError" }, "it runs");
  const soon = handle.wait({ statusMs: 20 });
  const patient = handle.wait({ timeoutMs: 10_000, statusMs: 60_000 });
  const signal = AbortSignal.timeout(50);
  const aborted = handle.wait({ statusMs: 60_000, signal });
  const reason = exitRecord.available
    ? assert.rejects(aborted, (reason) => reason === signal.reason)
    : aborted;
  handle.signal("SIGKILL");
  assert.equal((await soon).known, false);
  assert.equal((await handle.wait({ statusMs: 0 })).known, false);
  await reason;
  reap();
  if (exitRecord.available) assert.equal((await patient).signal, "SIGKILL");
  else assert.equal((await patient).known, false);
  handle.close();
  await assert.rejects(handle.wait({ statusMs: 0 }), { code: "EBADF" });
  await end();
});

test("waits for many processes at once are each told once, and leave nothing behind", async () => {
  const before = countPidfds();
  const parents = Array.from({ length: 200 }, () => new Helper("pause"));
  const handles = parents.map(({ child }) => Pidfd.of(child));
  const waits = handles.map((handle) => handle.wait());
  for (const handle of handles) handle.signal("SIGKILL");
  const statuses = await Promise.all(waits);
  assert.ok(statuses.every(({ signal }) => signal === "SIGKILL"));
  await Promise.all(parents.map(({ exit }) => exit));
  for (const handle of handles) handle.close();
  assert.equal(countPidfds(), before);
});

test("a pending wait keeps the program alive, and unref() lets it end", async () => {
  for (const how of ["wait", "exited"]) {
    const kept = await runScript("keep_alive.ts", { args: [how, "ref"] });
    assert.deepEqual([kept.code, kept.stdout.trim()], [0, "waiting\nended"], kept.stderr);
    const left = await runScript("keep_alive.ts", { args: [how, "unref"] });
    assert.deepEqual([left.code, left.stdout.trim()], [0, "waiting"], left.stderr);
  }
});

test("wait() on a child is right where the kernel keeps no exit records", async () => {
  const through = [HELPER, "deny-ioctl", String(0xC058FF0B), "25"];
  const result = await runScript("wait_without_records.ts", { through });
  assert.equal(result.stdout.trim(), "200 of 200 false", result.stderr);
});

test("Workers terminated in the middle of waits leave no thread and no descriptor", async () => {
  const result = await runScript("waiting_workers.ts");
  assert.equal(result.signal, null, result.stderr);
  assert.equal(result.stdout.trim(), "clean", result.stderr);
});
