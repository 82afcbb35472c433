import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { HELPER, runScript } from "../support/processes.ts";

test("what one listener throws rejects its own wait, or is reported", async () => {
  const result = await runScript("hostile_listeners.ts", { through: ["timeout", "60"] });
  const { counts, words, reported } = JSON.parse(result.stdout || "{}");
  assert.deepEqual(counts, { "Error: hostile": 20, SIGKILL: 20 }, result.stderr);
  assert.deepEqual(words, ["exited", "EBADF", "Error: refused", "SIGKILL", true]);
  assert.ok(reported.length > 0, "the signal of a message that was received");
});

test("a timer whose look fails for want of memory rejects its own wait, in time", async () => {
  const through = [HELPER, "fail-once", "ppoll", "12"];
  const result = await runScript("timer_fault.ts", { through });
  assert.equal(result.stdout.trim(), "Error: TimeoutError, SIGKILL", result.stderr);
});

test("closing a handle ends no program that merely has a then on its end", async () => {
  const result = await runScript("closed_under_exited.ts");
  assert.deepEqual([result.code, result.stdout.trim()], [0, "true EBADF"], result.stderr);
});

test("calls that block end although the clock was stopped before the import", async () => {
  const folder = mkdtempSync(`${tmpdir()}/pidfd-clock-`);
  const result = await runScript("stopped_clock.ts", {
    args: [folder],
    through: ["timeout", "20"],
  });
  rmSync(folder, { recursive: true });
  assert.equal(result.stdout.trim(), "null EAGAIN", result.stderr);
});

test("clocks, timers and microtasks that a test puts in their place do no harm", async () => {
  const result = await runScript("mocked.ts", { gc: true, through: ["timeout", "60"] });
  assert.equal(result.stdout.trim(), "null Error: TimeoutError closed", result.stderr);
});
