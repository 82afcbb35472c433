import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { spawn } from "../../mod.ts";
import { execContained } from "../../src/spawn/exec.ts";
import { isOver, leaving, untilPrinted } from "../support/contained.ts";
import { HELPER, runtimeCommand } from "../support/processes.ts";

const file = fileURLToPath(new URL("../fixtures/exec_contained.ts", import.meta.url));

function replaced(script: string, through: string[] = []) {
  const [command, ...args] = runtimeCommand(file, { args: [script], through });
  return spawn(command, args, { stdout: "pipe", env: { NODE_NO_WARNINGS: "1" } });
}

test("a program is replaced by the guard: the same pid, and the command's exit code", async () => {
  const child = replaced('cut -d" " -f4 /proc/$PPID/stat; umask; exit 7');
  const { status, stdout } = await child.output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assert.deepEqual(lines, [`before ${child.pid}`, `${child.pid}`, "0077"]);
  assert.equal(status.code, 7);
});

test("the end by a signal is the exit code 128 + N", async () => {
  assert.equal((await replaced("kill -9 $$").status).code, 137);
});

test("signals are handed on to the command, and end nothing else", async () => {
  const child = replaced(`trap "exit 9" USR1; echo ready; while :; do sleep 0.01; done`);
  await untilPrinted(child.stdout!);
  child.kill("SIGUSR1");
  assert.equal((await child.status).code, 9);
  assert.ok(await isOver(child.stdout!));
});

test("what the command leaves is ended, and then the program has its exit code", async () => {
  const [, [, script]] = leaving("sleep 0.1; exit 3");
  const child = replaced(script.replaceAll("$0", HELPER));
  assert.equal((await child.status).code, 3);
  assert.ok(await isOver(child.stdout!));
});

test("a command that can't be started is 127, and somebody says so", async () => {
  const [command, ...args] = runtimeCommand(file, { args: ["none"] });
  const env = { NODE_NO_WARNINGS: "1" };
  const child = spawn(command, args, { stdout: "null", stderr: "pipe", env });
  const { status, stderr } = await child.output();
  assert.equal(new TextDecoder().decode(stderr), "pidfd: /no/such/program: not found\n");
  assert.equal(status.code, 127);
});

test("it is the init of a pid namespace", {
  skip: process.getuid!() === 0 ? false : "it needs root",
}, async () => {
  const child = replaced("echo $$ $PPID; (sleep 0.05 &); sleep 0.1; exit 5", [
    HELPER,
    "in-own-proc",
    "",
  ]);
  const { status, stdout } = await child.output();
  assert.match(new TextDecoder().decode(stdout), /before 1\n\d+ 1\n$/);
  assert.equal(status.code, 5);
});

test("a pipe whose other end would be lost is refused, before anything is changed", () => {
  assert.throws(() => execContained("true", [], { stdin: "pipe" }), TypeError);
  assert.throws(() => execContained("", []), TypeError);
  assert.throws(() => execContained("true", [], { graceMs: -1 }), RangeError);
});
