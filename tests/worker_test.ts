import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LIBRARIES } from "../ffi/library.ts";
import { CPU } from "./support/cpu.ts";
import { runScript } from "./support/processes.ts";

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

test("a Worker that is terminated adopts orphans no longer", async () => {
  const { stdout, stderr } = await runScript("adopting_workers.ts");
  assert.equal(stdout.split(" ")[0], "0111010", stderr);
});

test("Workers that share the library adopt orphans until the last one has disposed of it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pidfd-"));
  const path = join(folder, "pidfd.so");
  try {
    writeFileSync(path, Buffer.from(LIBRARIES[CPU].base64, "base64"));
    const env = { PIDFD_LIBRARY: path };
    const { stdout, stderr } = await runScript("adopting_workers.ts", { env });
    assert.equal(stdout, "0111010 1110\n", stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
