import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { adoptOrphans, features } from "../../mod.ts";
import { HELPER, runScript, type ScriptOptions } from "../support/processes.ts";
import { needsRoot } from "../support/trees.ts";

/** Each as many as there were, and no zombie. */
async function assertAllRight(
  counts: { own: number; worker: number; orphans: number; graceMs?: number },
  options: ScriptOptions = {},
): Promise<void> {
  const { own, worker, orphans } = counts;
  const args = Object.values(counts).map(String);
  const { stdout, stderr, code } = await runScript("reap_orphans.ts", { ...options, args });
  assert.equal(code, 0, stderr);
  const expected = { own, worker, reaped: orphans, right: orphans, zombies: 0 };
  assert.deepEqual(JSON.parse(stdout), expected);
}

// In `deno test` JavaScript does not run on the first thread, so that all of it is done in scripts.
test("adoptOrphans() reaps each orphan, and no child of the runtime's", () =>
  assertAllRight({ own: 150, worker: 20, orphans: 100 }));

test("without a grace it takes no child of the runtime's either", () =>
  assertAllRight({ own: 200, worker: 20, orphans: 100, graceMs: 0 }));

test(
  "adoptOrphans() does so as pid 1",
  { skip: needsRoot },
  () =>
    assertAllRight({ own: 50, worker: 10, orphans: 100 }, {
      through: [HELPER, "in-own-proc", ""],
    }),
);

test("an orphan is left for a second, and while somebody holds it as a runtime would", async () => {
  const { stdout, stderr } = await runScript("reap_held.ts");
  const { supported, tookMs, states, told, after } = JSON.parse(stdout || JSON.stringify(stderr));
  // Linux 5.10 brought O_NONBLOCK.
  if (!supported) return;
  assert.ok(tookMs >= 1000, `${tookMs}`);
  if (features().pidfs.available) {
    assert.deepEqual([states, after], [["exited", "reaped"], "reaped"]);
  }
  assert.deepEqual(told, [
    ["first", "free", "SIGTERM"],
    ["second", "free", "SIGTERM"],
    ["second", "held", "SIGKILL"],
  ]);
});

test("a Worker can't tell orphans from the runtime's children", async () => {
  const worker = new Worker(new URL("../fixtures/reap_worker.ts", import.meta.url));
  assert.deepEqual(await once(worker, "message"), ["EOPNOTSUPP"]);
  await worker.terminate();
});

test("adoptOrphans() refuses wrong options", () => {
  for (const reap of [null, 1, "yes", {}]) {
    assert.throws(() => adoptOrphans({ reap } as never), { name: "TypeError" });
  }
  for (const onOrphan of [null, 1, "yes", {}]) {
    assert.throws(() => adoptOrphans({ reap: true, onOrphan } as never), { name: "TypeError" });
  }
  assert.throws(() => adoptOrphans({ onOrphan() {} }), { name: "TypeError" });
  assert.throws(() => adoptOrphans(null as never), { name: "TypeError" });
  assert.throws(() => adoptOrphans({ reaps: true } as never), { name: "TypeError" });
});
