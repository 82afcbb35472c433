import assert from "node:assert/strict";
import { test } from "node:test";
import { Pidfd } from "../../mod.ts";
import { pidfd, pidfdCommand } from "../support/cli.ts";
import { HELPER, paused, run } from "../support/processes.ts";

test("pidfd fails, and says so, when its output can't be written", async () => {
  const helper = await paused();
  const pid = String(helper.child.pid);
  const commands = [["--help"], ["check", pid], ["identity", pid], ["doctor"], ["stop", pid]];
  const results = [];
  for (const args of commands) {
    const full = ["-c", 'exec "$@" > /dev/full', "sh", ...pidfdCommand(...args)];
    results.push(await run("sh", full));
  }
  assert.deepEqual(await helper.exit, [null, "SIGTERM"], "what was asked is done all the same");
  for (const [index, { code, stderr }] of results.entries()) {
    assert.equal(code, 3, commands[index].join(" "));
    assert.match(stderr, /^pidfd: the output can't be written: .*no space left on device.*\n$/i);
  }
});

test("pidfd does what was asked also where it can't say on stderr what failed", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const deny = [HELPER, "deny", "pidfd_send_signal", "1"];
  const full = (...command: string[]) =>
    run("sh", ["-c", 'exec "$@" 2> /dev/full', "sh", ...command]);
  assert.equal((await full(...deny, ...pidfdCommand("stop", String(handle.pid)))).code, 3);
  assert.equal((await full(...pidfdCommand("check", "x"))).code, 2);
  handle.close();
  await helper.kill();
});

/** The system calls of a command, in their order. */
async function callsOf(command: string[]): Promise<string[]> {
  const trace = ["-f", "-qq", "-e", "trace=pidfd_open,pidfd_send_signal", "-e", "signal=none"];
  const { stderr } = await run("strace", [...trace, ...command]);
  return [...stderr.matchAll(/(pidfd_open\(\d+|pidfd_send_signal\(\d+, SIG\w+)/g)].map(([call]) =>
    call.startsWith("pidfd_open") ? call.replace("pidfd_open(", "open ") : "signal"
  );
}

const isTraceable = await run("strace", ["true"]).then(({ code }) => code === 0, () => false);

test("pidfd opens all that are named before it signals the first", {
  skip: isTraceable ? false : "there is no strace, or it may not trace",
}, async () => {
  for (const command of ["signal", "stop"]) {
    const helpers = [await paused(), await paused()];
    const pids = helpers.map(({ child }) => String(child.pid));
    const calls = await callsOf(pidfdCommand(command, ...pids));
    const wanted = calls.filter((call) => call === "signal" || pids.includes(call.slice(5)));
    assert.deepEqual(wanted.slice(0, 4), [...pids.map((pid) => `open ${pid}`), "signal", "signal"]);
    await Promise.all(helpers.map(({ exit }) => exit));
  }
});

test("pidfd tells of errors on stderr, and of what was asked on stdout", async () => {
  const helper = await paused();
  const pid = String(helper.child.pid);
  const results = [];
  for (const command of ["signal", "stop"]) {
    const args = ["deny", "pidfd_send_signal", "1", ...pidfdCommand(command, pid, "2147483647")];
    results.push(await run(HELPER, args));
  }
  const info = await pidfd("info", "2147483647");
  await helper.kill();
  for (const { code, stdout, stderr } of results) {
    assert.deepEqual([code, stdout], [3, "2147483647: no such process\n"], stderr);
    assert.match(stderr, new RegExp(`^${pid}: pidfd_send_signal EPERM: .*\\n$`));
  }
  assert.deepEqual([info.code, info.stdout], [1, ""]);
  assert.equal(info.stderr, "2147483647: no such process\n");
});
