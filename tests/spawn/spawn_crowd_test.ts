import assert from "node:assert/strict";
import { test } from "node:test";
import { features } from "../../mod.ts";
import { HELPER, runScript, type ScriptOptions } from "../support/processes.ts";

const NOTHING = { wrong: [], zombies: 0, descriptors: 0, threads: 0 };

/** What went wrong with so many processes, some of which are the runtime's own. */
async function crowd(options: ScriptOptions = {}, count = 120, atOnce = 20): Promise<unknown> {
  const args = [String(count), String(atOnce)];
  const { stdout, stderr } = await runScript("spawn_crowd.ts", { ...options, args });
  return JSON.parse(stdout || "null") ?? assert.fail(stderr);
}

test("many at once, beside the runtime's own: every status is right, and nothing is left", async () => {
  assert.deepEqual(await crowd({}, 300, 40), NOTHING);
});

test("without clone3(2), and without close_range(2), it is the same", async () => {
  const ENOSYS = 38;
  const through = [HELPER, "deny", "clone3", String(ENOSYS), HELPER, "deny", "close_range"];
  assert.deepEqual(await crowd({ through: [...through, String(ENOSYS)] }), NOTHING);
});

test("a flood of signals at this program disturbs nothing", async () => {
  const script = '"$0" "$@" & pid=$!; while kill -WINCH $pid 2>/dev/null; do :; done; wait $pid';
  const through = ["bash", "-c", script];
  assert.deepEqual(await crowd({ through }), NOTHING);
});

test("where SIGCHLD is ignored, the kernel reaps, and reports how it ended", {
  skip: features().PIDFD_INFO_EXIT.available ? false : "it needs exit records (Linux 6.15)",
}, async () => {
  const through = ["bash", "-c", 'trap "" CHLD; exec "$0" "$@"'];
  const env = { PIDFD_ALONE: "1" };
  assert.deepEqual(await crowd({ through, env }), NOTHING);
});

test("with thousands of open descriptors it is the same", async () => {
  const through = [
    "bash",
    "-c",
    'for n in {100..3000}; do eval "exec $n</dev/null"; done; exec "$0" "$@"',
  ];
  assert.deepEqual(await crowd({ through }, 60), NOTHING);
});

test("unref() lets this program end, and a running child does not", async () => {
  const left = await runScript("spawn_unref.ts", { args: ["unref"] });
  assert.equal(left.code, 0, left.stderr);
  assert.doesNotMatch(left.stdout, /ended/);
  const kept = await runScript("spawn_unref.ts", { args: ["ref"] });
  assert.match(kept.stdout, /ended/);
});
