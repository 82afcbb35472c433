import assert from "node:assert/strict";
import { test } from "node:test";
import { Pidfd } from "../mod.ts";
import { pidfd } from "./support/cli.ts";
import { paused } from "./support/processes.ts";

test("pidfd --help keeps the columns apart, and no line ends in blanks", async () => {
  const overview = (await pidfd("--help")).stdout;
  assert.match(overview, /\n {2}stop .*PID… {2}end each/);
  const helps = [overview, (await pidfd("doctor", "--help")).stdout];
  for (const help of helps) assert.doesNotMatch(help, / \n/);
  assert.match(overview, /--json .*; only tree --watch has none/);
  assert.match((await pidfd("tree", "--help")).stdout, /Exit code: .*\b3 if/);
});

test("pidfd names the help that tells how a command is used", async () => {
  for (const args of [["check"], ["check", "--nonsense", "1"], ["wait", "--timeout", "x", "1"]]) {
    const { stderr } = await pidfd(...args);
    assert.ok(stderr.endsWith(`\nTry: pidfd ${args[0]} --help\n`), stderr);
  }
  for (const args of [["nonsense"], ["toString"], ["help", "nonsense"], ["help", "tree", "stop"]]) {
    const { code, stderr } = await pidfd(...args);
    assert.equal(code, 2);
    assert.ok(stderr.endsWith("\nTry: pidfd --help\n"), stderr);
  }
  const { code, stderr } = await pidfd("--json");
  assert.deepEqual([code, stderr.split("\n")[0]], [2, "pidfd: --json goes behind a command"]);
});

test("pidfd signal tells who writes a signal as kill(1) does how it is written", async () => {
  for (const [arg, signal] of [["-9", "9"], ["-KILL", "KILL"], ["-SIGUSR1", "SIGUSR1"]]) {
    const { code, stderr } = await pidfd("signal", arg, "2147483647");
    assert.equal(code, 2);
    assert.ok(stderr.startsWith(`pidfd: write the signal as -s ${signal}\n`), stderr);
  }
  assert.doesNotMatch((await pidfd("check", "-9", "1")).stderr, /-s 9/);
});

test("pidfd orphans tells what to use for a process that has not ended", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const identity = String(handle.identity());
  handle.close();
  const { code, stderr } = await pidfd("orphans", identity);
  await helper.kill();
  assert.equal(code, 3);
  assert.equal(stderr, `${identity}: has not ended, use pidfd tree ${helper.child.pid}\n`);
});
