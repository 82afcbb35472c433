import assert from "node:assert/strict";
import { test } from "node:test";
import { features, Pidfd } from "../../mod.ts";
import { HELPER, Helper, paused } from "../support/processes.ts";
import { ending, exitedWith, killedBy, UNKNOWN } from "../support/statuses.ts";

const exitRecord = features().PIDFD_INFO_EXIT;
const needsExitRecord = exitRecord.available ? false : exitRecord.found;

/** Waits in every way, and asserts that none of the waits is over after a while. */
async function stillWaits(handle: Pidfd): Promise<{ ended: Promise<unknown> }> {
  let settled = 0;
  const waits = [handle.exited, handle.wait()].map((wait) => wait.finally(() => settled++));
  await assert.rejects(handle.wait({ timeoutMs: 60 }), { name: "TimeoutError" });
  assert.equal(settled, 0);
  assert.equal(handle.isAlive(), true);
  assert.equal(handle.state(), "running");
  assert.equal(handle.status(), null);
  return { ended: Promise.all(waits) };
}

test("an exec is no end", async () => {
  const helper = new Helper("exec-then", HELPER, "pause");
  assert.equal(await helper.line(), "ready");
  const handle = Pidfd.of(helper.child);
  const before = stillWaits(handle);
  helper.send();
  assert.equal(await helper.line(), "ready", "by the second program");
  await before;
  const { ended } = await stillWaits(handle);
  assert.equal(handle.signal("SIGTERM"), true);
  await ended;
  assert.deepEqual(ending(await handle.wait()), killedBy("SIGTERM"));
  handle.close();
  await helper.exit;
});

test("an exec by a second thread, which takes the first one's place, is no end", async () => {
  const helper = new Helper("thread-exec", HELPER, "pause");
  assert.equal(await helper.line(), "ready");
  const handle = Pidfd.of(helper.child);
  const before = stillWaits(handle);
  helper.send();
  assert.equal(await helper.line(), "ready", "by the second program");
  await before;
  const { ended } = await stillWaits(handle);
  handle.signal("SIGTERM");
  await ended;
  assert.deepEqual(ending(await handle.wait()), killedBy("SIGTERM"));
  handle.close();
  await helper.exit;
});

test("the end of the first thread is no end while others run", async () => {
  const helper = new Helper("leader-ends", "7");
  assert.equal(await helper.line(), "ready");
  const handle = Pidfd.of(helper.child);
  const { ended } = await stillWaits(handle);
  helper.send();
  await ended;
  assert.deepEqual(ending(await handle.wait()), exitedWith(7));
  assert.deepEqual(await helper.exit, [7, null]);
  handle.close();
});

test("the end of a process whose handle was closed is no end of who got its descriptor", async () => {
  const [first, second] = [await paused(), await paused()];
  const closed = Pidfd.of(first.child);
  const { fd } = closed;
  const failed = assert.rejects(closed.wait(), { code: "EBADF" });
  closed.signal("SIGKILL");
  closed.waitSync();
  // Time for the watcher to tell of it, which this thread does not hear before it has closed the
  // handle.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  closed.close();
  const handle = Pidfd.of(second.child);
  assert.equal(handle.fd, fd);
  const { ended } = await stillWaits(handle);
  await failed;
  handle.signal("SIGKILL");
  await ended;
  handle.close();
  await Promise.all([first.exit, second.exit]);
});

test("a stop that lasts and a continuation are no end", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  handle.signal("SIGSTOP");
  const { ended } = await stillWaits(handle);
  handle.signal("SIGCONT");
  await stillWaits(handle);
  handle.signal("SIGKILL");
  await ended;
  handle.close();
  await helper.exit;
});

test("a child that a tracer holds has ended, and how is told when the tracer lets go", {
  skip: needsExitRecord,
}, async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const tracer = new Helper("trace", String(helper.child.pid));
  assert.equal(await tracer.line(), "traced");
  let isTold = false;
  const waiting = handle.wait().finally(() => isTold = true);
  handle.signal("SIGTERM");
  assert.equal(await tracer.line(), "ended");
  await handle.exited;
  await assert.rejects(handle.wait({ timeoutMs: 50 }), { name: "TimeoutError" });
  assert.equal(isTold, false);
  assert.deepEqual(handle.status(), UNKNOWN);
  assert.equal(handle.state(), "exited");
  assert.equal(handle.reap(), null, "nothing to reap as long as the tracer has it");
  tracer.send();
  assert.equal(await tracer.line(), "released");
  assert.deepEqual(ending(await waiting), killedBy("SIGTERM"));
  assert.deepEqual(await helper.exit, [null, "SIGTERM"], "the runtime's own event is undisturbed");
  handle.close();
  await tracer.end();
});
