import assert from "node:assert/strict";
import { test } from "node:test";
import { isMusl } from "./support/libc.ts";
import { runScript } from "./support/processes.ts";

test("Workers load the library each for itself, at once, and may be terminated at will", async () => {
  const result = await runScript("workers.ts");
  assert.equal(result.signal, null, result.stderr);
  assert.deepEqual(JSON.parse(result.stdout || "null"), {
    answers: Array(4).fill({ supported: true, alive: true, handedOver: true }),
    stillWorks: true,
  }, result.stderr);
});

test("Workers take the library that is loaded, instead of one more each", {
  skip: isMusl && "musl does not know a library by what it calls itself",
}, async () => {
  const { stdout, stderr } = await runScript("one_library.ts");
  assert.equal(stdout, "1\n", stderr);
});
