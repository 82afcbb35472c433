import assert from "node:assert/strict";
import { test } from "node:test";
import { runScript } from "./support/processes.ts";

test("Workers load the library each for itself, at once, and may be terminated at will", async () => {
  const result = await runScript("workers.ts");
  assert.equal(result.signal, null, result.stderr);
  assert.deepEqual(JSON.parse(result.stdout || "null"), {
    answers: Array(4).fill({ supported: true, alive: true, handedOver: true }),
    stillWorks: true,
  }, result.stderr);
});
