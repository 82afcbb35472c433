import assert from "node:assert/strict";
import { test } from "node:test";
import { pidfdEach } from "../support/cli.ts";
import { paused } from "../support/processes.ts";

test("pidfd --help keeps the columns apart, and no line ends in blanks", async () => {
  const said = await pidfdEach(["--help"], ["doctor", "--help"], ["tree", "--help"]);
  const [overview, , tree] = said.map(({ stdout }) => stdout);
  assert.match(overview, /\n {2}stop {9}end each/);
  for (const { stdout } of said) assert.doesNotMatch(stdout, / \n/);
  assert.match(overview, /--json/);
  assert.match(tree, /Exit code: .*\b3 if/);
});

test("pidfd --help and the help of each command fit 80 columns", async () => {
  const said = await pidfdEach(["--help"], ["stop", "--help"], ["help", "--json"]);
  const [overview, stop, all] = said.map(({ stdout }) => stdout);
  const helps = [overview, stop];
  const entries: { command: string; usage: string; help: string }[] = JSON.parse(all);
  for (const { command, usage, help } of entries) {
    helps.push(`Usage: pidfd ${command} ${usage}\n\n${help}`);
  }
  assert.ok(helps.length > 12);
  for (const line of helps.join("\n").split("\n")) assert.ok([...line].length <= 80, line);
});

test("pidfd names the help that tells how a command is used", async () => {
  const own = [["check"], ["check", "--nonsense", "1"], ["wait", "--timeout", "x", "1"]];
  for (const [index, { stderr }] of (await pidfdEach(...own)).entries()) {
    assert.ok(stderr.endsWith(`\nTry: pidfd ${own[index][0]} --help\n`), stderr);
  }
  const general = [["nonsense"], ["toString"], ["help", "nonsense"], ["help", "tree", "stop"]];
  for (const { code, stderr } of await pidfdEach(...general)) {
    assert.equal(code, 2);
    assert.ok(stderr.endsWith("\nTry: pidfd --help\n"), stderr);
  }
  const [{ code, stderr }] = await pidfdEach(["--json"]);
  assert.deepEqual([code, stderr.split("\n")[0]], [
    2,
    "pidfd: unknown option --json; options come after the command",
  ]);
});

test("pidfd signal tells who writes a signal as kill(1) does how it is written", async () => {
  const signals = ["9", "KILL", "SIGUSR1"];
  const said = await pidfdEach(
    ...signals.map((signal) => ["signal", `-${signal}`, "2147483647"]),
    ["check", "-9", "1"],
  );
  for (const [index, signal] of signals.entries()) {
    const { code, stderr } = said[index];
    assert.equal(code, 2);
    assert.ok(stderr.startsWith(`pidfd: write the signal as -s ${signal}\n`), stderr);
  }
  assert.doesNotMatch(said[3].stderr, /-s 9/);
});

test("pidfd takes the name of a signal in any case, as kill(1) does", async () => {
  const helper = await paused();
  const lines = ["cont", "SigCont", "CONT"].map((name) => ["signal", "-s", name]);
  const said = await pidfdEach(...lines.map((line) => [...line, String(helper.child.pid)]));
  for (const { code, stdout } of said) assert.equal(code, 0, stdout);
  await helper.kill();
});
