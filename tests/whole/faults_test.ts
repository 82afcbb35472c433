import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { judge } from "../../proofs/faults/judge.ts";
import { HELPER, run, runtimeCommand } from "../support/processes.ts";

/** A short part of `deno task proof faults`: the calls that most operations make. */
const FAULTS = [
  ["fail-once", "ppoll", "12"],
  ["fail-once", "pidfd_open", "24"],
  ["fail-once", "epoll_ctl", "28"],
  ["fail-aside", "sendto", "105"],
];

test("every operation settles while a call fails once, and leaks nothing", async () => {
  const subject = fileURLToPath(new URL("../../proofs/faults/subject.ts", import.meta.url));
  for (const fault of FAULTS) {
    const [program, ...args] = runtimeCommand(subject, { through: [HELPER, ...fault] });
    const { stdout, stderr } = await run(program, args);
    assert.deepEqual(judge(stdout.trim(), stderr).violations, [], fault.join(" "));
  }
});
