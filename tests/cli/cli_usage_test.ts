import assert from "node:assert/strict";
import { test } from "node:test";
import { pidfd } from "../support/cli.ts";
import { paused } from "../support/processes.ts";

test("pidfd --help keeps the columns apart, and no line ends in blanks", async () => {
  const overview = (await pidfd("--help")).stdout;
  assert.match(overview, /\n {2}stop {9}end each/);
  const helps = [overview, (await pidfd("doctor", "--help")).stdout];
  for (const help of helps) assert.doesNotMatch(help, / \n/);
  assert.match(overview, /--json/);
  assert.match((await pidfd("tree", "--help")).stdout, /Exit code: .*\b3 if/);
});

test("pidfd --help and the help of each command fit 80 columns", async () => {
  const helps = [(await pidfd("--help")).stdout, (await pidfd("stop", "--help")).stdout];
  const entries: { command: string; usage: string; help: string }[] = JSON.parse(
    (await pidfd("help", "--json")).stdout,
  );
  for (const { command, usage, help } of entries) {
    helps.push(`Usage: pidfd ${command} ${usage}\n\n${help}`);
  }
  assert.ok(helps.length > 12);
  for (const line of helps.join("\n").split("\n")) assert.ok([...line].length <= 80, line);
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
  assert.deepEqual([code, stderr.split("\n")[0]], [
    2,
    "pidfd: unknown option --json; options come after the command",
  ]);
});

test("pidfd signal tells who writes a signal as kill(1) does how it is written", async () => {
  for (const [arg, signal] of [["-9", "9"], ["-KILL", "KILL"], ["-SIGUSR1", "SIGUSR1"]]) {
    const { code, stderr } = await pidfd("signal", arg, "2147483647");
    assert.equal(code, 2);
    assert.ok(stderr.startsWith(`pidfd: write the signal as -s ${signal}\n`), stderr);
  }
  assert.doesNotMatch((await pidfd("check", "-9", "1")).stderr, /-s 9/);
});

test("pidfd takes the name of a signal in any case, as kill(1) does", async () => {
  const helper = await paused();
  for (const name of ["cont", "SigCont", "CONT"]) {
    const { code, stdout } = await pidfd("signal", "-s", name, String(helper.child.pid));
    assert.equal(code, 0, stdout);
  }
  await helper.kill();
});
