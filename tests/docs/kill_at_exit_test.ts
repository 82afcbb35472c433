import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExitStatus, spawn } from "../../mod.ts";
import { marked, newMark, survivors, sweep, untilMarked } from "../support/cli_run.ts";
import { command } from "../support/examples.ts";
import { HELPER } from "../support/processes.ts";

const STARTED = ["sh", "-c", '"$0" pause > /dev/null & exec "$0" pause > /dev/null', HELPER];
const [PROGRAM, ARGS] = command("kill_at_exit", ["--allow-run=sh"], ...STARTED);

/** How it ends, what it prints, and how many of its command are left. */
async function endBy(line: string): Promise<{ status: ExitStatus; printed: string; left: number }> {
  const mark = newMark();
  const program = spawn(PROGRAM, ARGS, {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "null",
    env: { ...Object.fromEntries([mark.split("=")]), NODE_NO_WARNINGS: "1" },
    limits: { core: 0 },
  });
  try {
    await untilMarked(mark, (count) => count >= 3);
    if (line === "") program.stdin!.end();
    else program.stdin!.write(`${line}\n`);
    const { status, stdout } = await program.output();
    const printed = new TextDecoder().decode(stdout);
    const left = printed === "" ? marked(mark) : await survivors(mark);
    return { status, printed, left: left.length };
  } finally {
    await sweep(mark);
    await program[Symbol.asyncDispose]();
  }
}

const KILLED: Record<string, number> = {
  "": 0,
  "exit": 3,
  "throw": 1,
  "reject": 1,
  "SIGHUP": 129,
  "SIGINT": 130,
  "SIGTERM": 143,
};

test("examples/kill_at_exit.ts kills what it has started when it ends by itself", async () => {
  for (const [line, code] of Object.entries(KILLED)) {
    const { status, printed, left } = await endBy(line);
    assert.deepEqual([line, status.code, printed, left], [line, code, "killed 2\n", 0]);
  }
});

test("examples/kill_at_exit.ts has no chance when it is killed, or aborts", async () => {
  for (const [line, signal] of [["SIGKILL", "SIGKILL"], ["abort", "SIGABRT"]]) {
    const { status, printed, left } = await endBy(line);
    assert.deepEqual([status.signal, printed, left], [signal, "", 2]);
  }
});
