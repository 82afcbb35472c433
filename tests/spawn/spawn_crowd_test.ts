import assert from "node:assert/strict";
import { test } from "node:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { features, spawn } from "../../mod.ts";
import { untilPrinted } from "../support/contained.ts";
import { HELPER, runScript, runtimeCommand, type ScriptOptions } from "../support/processes.ts";
import { lacksStrace, traced } from "../support/strace.ts";
import { needsRoot } from "../support/trees.ts";

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

test("where a profile refuses clone3(2) with EPERM, it goes by clone(2)", {
  skip: needsRoot || await lacksStrace(),
}, async () => {
  const folder = mkdtempSync(`${tmpdir()}/pidfd-test-`);
  const [command, ...args] = runtimeCommand(
    fileURLToPath(new URL("../fixtures/spawn_refused.ts", import.meta.url)),
  );
  const streams = { stdin: "pipe", stdout: "pipe" } as const;
  const program = spawn(command, args, { ...streams, env: { NODE_NO_WARNINGS: "1" } });
  try {
    await untilPrinted(program.stdout!);
    // A runtime that is refused it from its start can't have threads.
    const refusal = ["-e", "trace=clone3,clone", "-e", "inject=clone3:error=EPERM"];
    const strace = await traced(program.pid, `${folder}/log`, ...refusal);
    program.stdin!.write("\n");
    await untilPrinted(program.stdout!, "[1,2,3]");
    await program.status;
    await strace.status;
    const log = readFileSync(`${folder}/log`, "utf8");
    // The library has clone3(2) for these two.
    if (["x64", "arm64"].includes(process.arch)) assert.match(log, /clone3\(.*EPERM.*INJECTED/);
    assert.match(log, /clone\(.*CLONE_PIDFD.* = \d+/);
  } finally {
    await program[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  }
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
