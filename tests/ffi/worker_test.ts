import assert from "node:assert/strict";
import { test } from "node:test";
import { runScript } from "../support/processes.ts";

test("Workers load the library each for itself, at once, and may be terminated at will", async () => {
  const result = await runScript("workers.ts");
  assert.equal(result.signal, null, result.stderr);
  assert.deepEqual(JSON.parse(result.stdout || "null"), {
    answers: Array(4).fill({ supported: true, alive: true, handedOver: true }),
    stillWorks: true,
  }, result.stderr);
});

test("Workers terminated in the middle of a look at all processes leave none of them pinned", async () => {
  const result = await runScript("looking_workers.ts");
  assert.equal(result.signal, null, result.stderr);
  const report = JSON.parse(result.stdout || "null");
  // Whoever shares a bit with a helper, or is to be looked at again, is pinned later.
  assert.ok(report.least >= 1, result.stderr);
  assert.equal(report.left, 0, result.stderr);
});

test("Workers terminated while they open and close leave nothing open, and no lock taken", async () => {
  const result = await runScript("calling_workers.ts");
  const left: Record<string, number> = JSON.parse(result.stdout || "{}");
  assert.ok(Object.keys(left).length >= 6, result.stderr);
  assert.deepEqual(Object.entries(left).filter(([, count]) => count > 0), []);
});
