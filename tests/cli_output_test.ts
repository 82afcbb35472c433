import assert from "node:assert/strict";
import { test } from "node:test";
import { pidfd, pidfdCommand } from "./support/cli.ts";
import { HELPER, paused, run } from "./support/processes.ts";

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
