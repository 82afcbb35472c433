import assert from "node:assert/strict";
import { test } from "node:test";
import { Pidfd } from "../mod.ts";
import { paused } from "./support/processes.ts";

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
