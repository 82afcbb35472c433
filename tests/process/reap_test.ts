import assert from "node:assert/strict";
import { test } from "node:test";
import { Pidfd } from "../../mod.ts";
import { assertThrows } from "../support/errors.ts";
import { Helper, runScript } from "../support/processes.ts";
import { killedBy } from "../support/statuses.ts";

test("reap() throws ECHILD for a process that is not a child", async () => {
  const helper = new Helper("zombie", "1");
  const pid = Number(await helper.line());
  const handle = Pidfd.open(pid);
  assertThrows(() => handle.reap(), { name: "PidfdError", code: "ECHILD", errno: -10, pid });
  assertThrows(() => handle.reap(), { syscall: "waitid" });
  handle.close();
  await helper.end();
});

test("reap() throws ECHILD for the process itself", () => {
  const handle = Pidfd.self();
  assertThrows(() => handle.reap(), { code: "ECHILD" });
  handle.close();
});

test("reap() is null while a child runs, and then takes it away, once and for all", async () => {
  // In a process of its own: a runtime whose child was reaped by somebody else may never end.
  const result = await runScript("reap.ts");
  assert.deepEqual(JSON.parse(result.stdout || "null"), {
    running: null,
    first: killedBy("SIGKILL"),
    second: killedBy("SIGKILL"),
    state: "reaped",
    alive: false,
    signal: false,
    other: "ECHILD",
    reopened: "ESRCH",
  }, result.stderr);
});
