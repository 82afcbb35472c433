import assert from "node:assert/strict";
import { test } from "node:test";
import { features, Pidfd, ProcessTree } from "../../mod.ts";
import { Helper, paused } from "../support/processes.ts";

const LONGEST = 2 ** 31 - 1;
const reason = new Error("no longer of interest");

test("with a time limit of 0 and a signal, whichever comes first settles the wait", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const late = new AbortController();
  await assert.rejects(handle.wait({ timeoutMs: 0, signal: late.signal }), { code: 23 });
  late.abort(reason);
  const early = AbortSignal.abort(reason);
  await assert.rejects(handle.wait({ timeoutMs: 0, signal: early }), reason);
  const during = new AbortController();
  const waiting = handle.wait({ timeoutMs: 0, signal: during.signal });
  during.abort(reason);
  await assert.rejects(waiting, reason);
  handle.close();
  await helper.kill();
});

test("with the longest time limit and a signal, so too", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const during = new AbortController();
  const aborted = handle.wait({ timeoutMs: LONGEST, signal: during.signal });
  const after = new AbortController();
  const ended = handle.wait({ timeoutMs: LONGEST, signal: after.signal });
  during.abort(reason);
  await assert.rejects(aborted, reason);
  const timeout = AbortSignal.timeout(5);
  const timedOut = handle.wait({ timeoutMs: LONGEST, signal: timeout });
  await assert.rejects(timedOut, (error) => error === timeout.reason);
  handle.signal("SIGKILL");
  assert.equal((await ended).signal, "SIGKILL");
  after.abort(reason);
  handle.close();
  await helper.exit;
});

test("many waits with limits of both kinds on one handle are each settled once", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const abort = new AbortController();
  const settled: string[] = [];
  const waits = Array.from({ length: 90 }, (_, index) => {
    const timeoutMs = index % 3 === 0 ? 0 : LONGEST;
    const signal = index % 3 === 1 ? abort.signal : undefined;
    return handle.wait({ timeoutMs, signal }).then(
      (status) => settled.push(status.signal!),
      (error) => settled.push(error === reason ? "aborted" : error.name),
    );
  });
  await assert.rejects(handle.wait({ timeoutMs: 1 }), { name: "TimeoutError" });
  abort.abort(reason);
  handle.signal("SIGKILL");
  await Promise.all(waits);
  for (const outcome of ["TimeoutError", "aborted", "SIGKILL"]) {
    assert.equal(settled.filter((one) => one === outcome).length, 30, outcome);
  }
  handle.close();
  await helper.exit;
});

/**
 * Keeps this thread busy, right before its event loop comes to its timers, until the time of every
 * wait is over.
 */
function busy(action: () => void): Promise<void> {
  return new Promise((resolve) =>
    setImmediate(() => {
      const end = performance.now() + 100;
      action();
      while (performance.now() < end);
      resolve();
    })
  );
}

test("who has ended is not said to run where this program was busy when the time was up", async () => {
  for (let round = 0; round < 5; round++) {
    const helper = await paused();
    const handle = Pidfd.of(helper.child);
    const waiting = handle.wait({ timeoutMs: 50 });
    await busy(() => {
      handle.signal("SIGKILL");
      handle.waitSync();
    });
    assert.equal((await waiting).signal, "SIGKILL");
    handle.close();
    await helper.exit;
  }
});

test("the time that is up says whether the process has ended", async () => {
  const zombie = new Helper("zombie", "1");
  const runs = Pidfd.self();
  const ended = Pidfd.open(Number(await zombie.line()));
  const name = "TimeoutError";
  await assert.rejects(runs.wait({ timeoutMs: 1 }), {
    name,
    message: /^the process has not ended/,
  });
  if (features().PIDFD_INFO_EXIT.available) {
    const message = "nobody has told how it ended within 1 ms";
    await assert.rejects(ended.wait({ timeoutMs: 1 }), { name, message });
  }
  runs.close();
  ended.close();
  await zombie.end();
});

test("an option that is given as undefined is left out, whatever call takes it", async () => {
  const helper = await paused();
  const none = undefined;
  const handle = Pidfd.open(helper.child.pid!, { thread: none });
  assert.equal(handle.signal(0, { scope: none, value: none }), true);
  const waiting = handle.wait({ timeoutMs: none, signal: none });
  // Two of these are undefined, whichever kind of identity this kernel gives.
  const { pid, inode, startTicks, pidNamespace, boot } = handle.identity();
  const again = Pidfd.reopen({ pid, inode, startTicks, pidNamespace, boot });
  assert.equal(again?.equals(handle), true);
  again?.close();
  const tree = ProcessTree.of(handle, { session: none, group: none, cgroup: none });
  assert.equal(tree.signal(0, { includeSelf: none }), 1);
  const limits = { killSignal: none, graceMs: none, signal: none };
  const more = { freeze: none, includeRoot: none, includeSelf: none, reapAdopted: none };
  const { ended } = await tree.terminate({ ...limits, ...more, statusMs: none, onEnd: none });
  assert.deepEqual(ended.map((end) => [end.pid, end.forced]), [[pid, false]]);
  assert.equal((await handle.terminate(limits)).forced, false);
  await waiting;
  tree.close();
  handle.close();
  await helper.end();
});
