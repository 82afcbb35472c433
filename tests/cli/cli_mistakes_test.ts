import assert from "node:assert/strict";
import { test } from "node:test";
import { pidfd, pidfdEach } from "../support/cli.ts";
import { paused } from "../support/processes.ts";

/** That each of these is wrong usage, of which it says this on stderr, in its first line. */
async function assertComplaints(wrong: [args: string[], words: string][]): Promise<void> {
  const said = await pidfdEach(...wrong.map(([args]) => args));
  for (const [index, [args, words]] of wrong.entries()) {
    const { code, stdout, stderr } = said[index];
    assert.deepEqual([code, stdout], [2, ""], `${args}: ${stderr}`);
    assert.equal(stderr.split("\n")[0], `pidfd: ${words}`);
  }
}

test("pidfd says in its own words what is wrong with an option", async () => {
  await assertComplaints([
    [["check", "--nonsense", "1"], "unknown option --nonsense"],
    [["check", "-1"], "unknown option -1"],
    [["check", "--__proto__", "1"], "unknown option --__proto__"],
    [["stop", "--tree=yes", "1"], "--tree takes no value"],
    [["stop", "1", "--grace"], "--grace needs a value"],
    [["stop", "1", "--grace="], "--grace needs a value"],
    [["stop", "-s"], "-s needs a value"],
    [["wait", "--timeout", "--any", "1"], '--timeout needs a value, not "--any"'],
  ]);
});

test("pidfd suggests the command or the option that was meant", async () => {
  await assertComplaints([
    [["chekc", "1"], 'there is no command "chekc" (did you mean "check"?)'],
    [["sig", "1"], 'there is no command "sig" (did you mean "signal"?)'],
    [["help", "stpo"], 'there is no command "stpo" (did you mean "stop"?)'],
    [["frobnicate"], 'there is no command "frobnicate"'],
    [["wait", "--timeuot", "5", "1"], "unknown option --timeuot (did you mean --timeout?)"],
    [["wait", "--time", "5", "1"], "unknown option --time (did you mean --timeout?)"],
    [["stop", "--no-freze", "1"], "unknown option --no-freze (did you mean --no-freeze?)"],
    [["check", "--jsno", "1"], "unknown option --jsno (did you mean --json?)"],
  ]);
});

test("pidfd takes a time with a unit, and without one as milliseconds", async () => {
  const helper = await paused();
  const pid = String(helper.child.pid);
  const times = ["20", "20ms", "0.02s", "0.0001m", "0h"];
  const waits = await pidfdEach(...times.map((time) => ["wait", "--timeout", time, pid]));
  for (const [index, { code, stderr }] of waits.entries()) {
    assert.equal(code, 124, `${times[index]} ${stderr}`);
  }
  const forced = await pidfd("stop", "--grace", "0.03s", "-s", "CONT", "--json", pid);
  const [{ durationMs }] = JSON.parse(forced.stdout);
  assert.ok(durationMs >= 29 && durationMs < 4000, forced.stdout);
  await helper.exit;
  const limit = "at most 2147483647 ms";
  const wanted = `takes a time such as 500ms, 5s or 2m (without a unit: ms), ${limit}`;
  await assertComplaints([
    [["stop", "-s", "0", "1"], "--signal takes a signal to send: 0 is none"],
    ...["soon", "5 s", "1.5", "5S", "0x5", "600h"].map((time): [string[], string] => [
      ["wait", "--timeout", time, "1"],
      `--timeout ${wanted}: ${JSON.stringify(time)}`,
    ]),
  ]);
});
