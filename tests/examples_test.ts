import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { features } from "../mod.ts";
import { paused, run, runtimeCommand, type ScriptResult } from "./support/processes.ts";

/** Runs a program of examples/ by the runtime that runs the tests. */
function example(name: string, ...args: string[]): Promise<ScriptResult> {
  const file = fileURLToPath(new URL(`../examples/${name}.ts`, import.meta.url));
  const [program, ...rest] = runtimeCommand(file, { permissions: ["--allow-ffi"], args });
  return run(program, rest);
}

test("examples/stop_daemon.ts stops a process that it did not start", async () => {
  const daemon = await paused();
  const { code, stdout, stderr } = await example("stop_daemon", String(daemon.child.pid));
  assert.equal(code, 0, stderr);
  assert.equal(typeof JSON.parse(stdout), "object");
  assert.deepEqual(await daemon.exit, [null, "SIGTERM"]);
});

test("examples/wait_for_stranger.ts tells that a process still runs", async () => {
  const stranger = await paused();
  const { stdout, stderr } = await example("wait_for_stranger", String(stranger.child.pid), "20");
  assert.equal(stdout, "waiting\nstill running\n", stderr);
  await stranger.kill();
});

test("examples/wait_for_stranger.ts tells how it ended, where the kernel tells", async () => {
  const stranger = await paused();
  const file = fileURLToPath(new URL("../examples/wait_for_stranger.ts", import.meta.url));
  const args = [String(stranger.child.pid), "60000"];
  const [program, ...rest] = runtimeCommand(file, { permissions: ["--allow-ffi"], args });
  const waiting = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  for await (const chunk of waiting.stdout) {
    // Not before it has opened the process; it is killed, and reaped by this runtime, only once.
    if (printed === "") stranger.child.kill("SIGKILL");
    printed += chunk;
  }
  await stranger.exit;
  const known = features().PIDFD_INFO_EXIT.available;
  const told = known ? "code null, signal SIGKILL" : "ended, nobody tells how";
  assert.equal(printed, `waiting\n${told}\n`);
});
