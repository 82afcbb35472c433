import assert from "node:assert/strict";
import { test } from "node:test";
import { Pidfd } from "../mod.ts";
import { pidfd } from "./support/cli.ts";
import { paused } from "./support/processes.ts";

test("pidfd --help keeps the columns apart, and no line ends in blanks", async () => {
  const overview = (await pidfd("--help")).stdout;
  assert.match(overview, /\n {2}stop {9}end each/);
  const helps = [overview, (await pidfd("doctor", "--help")).stdout];
  for (const help of helps) assert.doesNotMatch(help, / \n/);
  assert.match(overview, /--json/);
  assert.match((await pidfd("tree", "--help")).stdout, /Exit code: .*\b3 if/);
});

test("pidfd --help and the help of each command fit 80 columns", async () => {
  const entries: { command: string }[] = JSON.parse((await pidfd("help", "--json")).stdout);
  const helps = [(await pidfd("--help")).stdout];
  for (const { command } of entries) helps.push((await pidfd(command, "--help")).stdout);
  assert.ok(helps.length > 10);
  for (const line of helps.join("").split("\n")) assert.ok([...line].length <= 80, line);
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

test("pidfd orphans tells what to use for a process that has not ended", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const identity = String(handle.identity());
  handle.close();
  const { code, stderr } = await pidfd("orphans", identity);
  await helper.kill();
  assert.equal(code, 3);
  assert.equal(stderr, `${identity}: still running; use pidfd tree ${helper.child.pid}\n`);
});

/** What it says on stderr of wrong usage, in its first line. */
async function complaint(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await pidfd(...args);
  assert.deepEqual([code, stdout], [2, ""], stderr);
  return stderr.split("\n")[0].replace("pidfd: ", "");
}

test("pidfd says in its own words what is wrong with an option", async () => {
  const wrong: [string[], string][] = [
    [["check", "--nonsense", "1"], "unknown option --nonsense"],
    [["check", "-1"], "unknown option -1"],
    [["check", "--__proto__", "1"], "unknown option --__proto__"],
    [["stop", "--tree=yes", "1"], "--tree takes no value"],
    [["stop", "1", "--grace"], "--grace needs a value"],
    [["stop", "1", "--grace="], "--grace needs a value"],
    [["stop", "-s"], "-s needs a value"],
    [["wait", "--timeout", "--any", "1"], '--timeout needs a value, not "--any"'],
  ];
  for (const [args, words] of wrong) assert.equal(await complaint(...args), words);
});

test("pidfd suggests the command or the option that was meant", async () => {
  const misspelt: [string[], string][] = [
    [["chekc", "1"], 'there is no command "chekc" (did you mean "check"?)'],
    [["sig", "1"], 'there is no command "sig" (did you mean "signal"?)'],
    [["help", "stpo"], 'there is no command "stpo" (did you mean "stop"?)'],
    [["frobnicate"], 'there is no command "frobnicate"'],
    [["wait", "--timeuot", "5", "1"], "unknown option --timeuot (did you mean --timeout?)"],
    [["wait", "--time", "5", "1"], "unknown option --time (did you mean --timeout?)"],
    [["stop", "--no-freze", "1"], "unknown option --no-freze (did you mean --no-freeze?)"],
    [["check", "--jsno", "1"], "unknown option --jsno (did you mean --json?)"],
  ];
  for (const [args, words] of misspelt) assert.equal(await complaint(...args), words);
});

test("pidfd takes a time with a unit, and without one as milliseconds", async () => {
  const helper = await paused();
  const pid = String(helper.child.pid);
  for (const time of ["20", "20ms", "0.02s", "0s", "0.0001m", "0h"]) {
    const { code, stderr } = await pidfd("wait", "--timeout", time, pid);
    assert.equal(code, 124, `${time} ${stderr}`);
  }
  const forced = await pidfd("stop", "--grace", "0.03s", "-s", "0", "--json", pid);
  const [{ durationMs }] = JSON.parse(forced.stdout);
  assert.ok(durationMs >= 29 && durationMs < 4000, forced.stdout);
  await helper.exit;
  const limit = "at most 2147483647 ms";
  const wanted = `takes a time such as 500ms, 5s or 2m (without a unit: ms), ${limit}`;
  for (const time of ["soon", "5 s", "1.5", "1.5ms", "5S", "0x5", "1e3", "25d", "600h"]) {
    const said = `--timeout ${wanted}: ${JSON.stringify(time)}`;
    assert.equal(await complaint("wait", "--timeout", time, "1"), said);
  }
});
