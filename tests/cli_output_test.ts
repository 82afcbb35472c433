import assert from "node:assert/strict";
import { test } from "node:test";
import { pidfdCommand } from "./support/cli.ts";
import { paused, run } from "./support/processes.ts";

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
