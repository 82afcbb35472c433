import assert from "node:assert/strict";
import { constants, readFileSync } from "node:fs";
import { test } from "node:test";
import { features, spawn } from "../../mod.ts";
import { pidfd, pidfdCommand } from "../support/cli.ts";
import { heldByChildren } from "../support/descriptors.ts";
import { Helper, paused } from "../support/processes.ts";
import { ending, exitedWith, UNKNOWN } from "../support/statuses.ts";

const exitRecord = features().PIDFD_INFO_EXIT;
const needsExitRecord = exitRecord.available ? false : exitRecord.found;

test("pidfd wait gives up when the time is up", async () => {
  const helper = await paused();
  const { code, stdout } = await pidfd("wait", "--timeout", "20", String(helper.child.pid));
  assert.equal(code, 124);
  assert.match(stdout, /still running, timed out/);
  await helper.kill();
});

test("pidfd wait takes somebody else's zombie for ended, and does not guess how", async () => {
  const helper = new Helper("zombie", "42");
  const pid = Number(await helper.line());
  const result = await pidfd("wait", "--timeout", "50", "--json", String(pid));
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(JSON.parse(result.stdout), [{ pid, ended: true, status: UNKNOWN }]);
  await helper.end();
});

test("pidfd wait tells how each process ended, and passes it on where that is asked", {
  skip: needsExitRecord,
}, async () => {
  const helper = new Helper("breed", "parent");
  for (
    const [end, line, code] of [["exit 7", "exited with code 7", 7], [
      "signal 15",
      "killed by SIGTERM",
      143,
    ]]
  ) {
    helper.child.stdin!.write(`${end}\n`);
    const pid = await helper.line();
    const waits = [pidfd("wait", pid), pidfd("wait", "--pass", pid)];
    await heldByChildren(Number(pid), 2);
    helper.send();
    const [plain, passed] = await Promise.all(waits);
    assert.deepEqual([plain.code, plain.stdout], [0, `${pid}: ${line}\n`], plain.stderr);
    assert.equal(passed.code, code, passed.stderr);
    await helper.line();
  }
  await helper.end();
});

test("pidfd wait waits for all at once, and with --any for the first", async () => {
  const stays = await paused();
  const ends = new Helper("zombie", "3");
  const [first, second] = [String(stays.child.pid), await ends.line()];
  const any = pidfd("wait", "--any", "--json", first, second);
  // Without exit records a zombie is all that can be waited for: the command may have ended before
  // anybody could look.
  if (exitRecord.available) await heldByChildren(Number(second), 1);
  else await any;
  ends.send();
  const { code, stdout, stderr } = await any;
  assert.equal(code, 0, stderr);
  const [outcome, ...others] = JSON.parse(stdout);
  assert.deepEqual(others, []);
  assert.deepEqual([outcome.pid, outcome.ended], [Number(second), true]);
  if (exitRecord.available) assert.deepEqual(ending(outcome.status), exitedWith(3));
  await ends.end();

  const gone = await pidfd("wait", "--any", first, "2147483647");
  assert.deepEqual([gone.code, gone.stdout], [1, "2147483647: no such process\n"], gone.stderr);
  const both = await pidfd("wait", "--timeout", "20", first, "2147483647");
  assert.equal(both.code, 124, both.stderr);
  assert.equal(both.stdout, `2147483647: no such process\n${first}: still running, timed out\n`);
  await stays.kill();
});

test("pidfd stop ends all that it is given, and tells who had to be forced", async () => {
  const polite = await paused();
  const one = await pidfd("stop", String(polite.child.pid));
  assert.equal(one.code, 0, one.stderr);
  assert.match(one.stdout, /^\d+: (exited|killed by SIGTERM) after \d+ ms\n$/);
  assert.deepEqual(await polite.exit, [null, "SIGTERM"]);

  const [stubborn, other] = [await paused(), await paused()];
  const pids = [stubborn, other].map(({ child }) => String(child.pid));
  const forced = await pidfd(
    "stop",
    "--json",
    "--grace",
    "30",
    "-s",
    "CONT",
    ...pids,
    "2147483647",
  );
  assert.equal(forced.code, 4, forced.stderr);
  const [first, second, third] = JSON.parse(forced.stdout);
  assert.deepEqual([first.pid, second.pid].map(String), pids);
  assert.deepEqual([first.forced, second.forced], [true, true]);
  assert.ok(first.durationMs >= 29);
  assert.deepEqual(third, { pid: 2147483647, state: "gone" });
  assert.deepEqual(await stubborn.exit, [null, "SIGKILL"]);
  assert.deepEqual(await other.exit, [null, "SIGKILL"]);

  const asked = await paused();
  const usr1 = await pidfd("stop", "-s", "USR1", String(asked.child.pid));
  assert.equal(usr1.code, 0, usr1.stderr);
  assert.deepEqual(await asked.exit, [null, "SIGUSR1"]);
});

test("pidfd leaves its standard input blocking: others may read from the same pipe", async () => {
  const helper = await paused();
  const [command, ...args] = pidfdCommand("wait", String(helper.child.pid));
  const child = spawn(command, args, { stdin: "pipe", stdout: "null" });
  await heldByChildren(helper.child.pid!, 1);
  const [, flags] = /^flags:\t(.*)$/m.exec(readFileSync(`/proc/${child.pid}/fdinfo/0`, "latin1"))!;
  await helper.kill();
  await child.output();
  assert.equal(parseInt(flags, 8) & constants.O_NONBLOCK, 0);
});
