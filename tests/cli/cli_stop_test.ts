import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { Pidfd } from "../../mod.ts";
import { pidfd, pidfdCommand } from "../support/cli.ts";
import { heldByChildren } from "../support/descriptors.ts";
import { HELPER, paused, run } from "../support/processes.ts";
import { grow } from "../support/trees.ts";

const NOBODY = "2147483647";
const ENDED = 0, GONE = 1, FAILED = 3, FORCED = 4, LEFT = 5;

test("pidfd stop has an exit code for each outcome", async () => {
  const [polite, stubborn, other, refusing] = await Promise.all([1, 2, 3, 4].map(paused));
  const pids = [polite, stubborn, other, refusing].map(({ child }) => String(child.pid));
  const codeOf = async (...args: string[]) => (await pidfd("stop", ...args)).code;
  const force = ["--grace", "0", "-s", "CONT"];
  assert.equal(await codeOf(pids[0]), ENDED);
  assert.equal(await codeOf(...force, pids[1]), FORCED);
  assert.equal(await codeOf(NOBODY), GONE);
  assert.equal(await codeOf(...force, NOBODY, pids[2]), FORCED, "the gravest counts");
  const deny = ["deny", "pidfd_send_signal", "1", ...pidfdCommand("stop", pids[3])];
  assert.equal((await run(HELPER, deny)).code, FAILED);
  await refusing.kill();
});

test("pidfd stop --tree has an exit code for each outcome", async () => {
  const trees = await Promise.all(
    [[], ["ignore"], ["ignore"]].map((behaviours) => grow("wide", 3, ...behaviours)),
  );
  const [polite, stubborn, other] = trees.map(({ root }) => String(root));
  const codeOf = async (...args: string[]) => (await pidfd("stop", "--tree", ...args)).code;
  assert.equal(await codeOf(polite), ENDED);
  assert.equal(await codeOf("--grace", "0", stubborn), FORCED);
  assert.equal(await codeOf(NOBODY), GONE);
  assert.equal(await codeOf("--grace", "0", "--no-freeze", other, NOBODY), LEFT);
  for (const { helper } of trees) await helper.end();
});

test("pidfd stop --tree prints the report also when it is interrupted", async () => {
  for (const json of [true, false]) {
    const { helper, root } = await grow("wide", 3, "ignore");
    const words = ["stop", "--tree", "--grace", "60s", String(root), ...(json ? ["--json"] : [])];
    const [program, ...args] = pidfdCommand(...words);
    const stopping = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    stopping.stdout.on("data", (chunk) => printed += chunk);
    const closed = new Promise((resolve) => stopping.stdout.on("close", resolve));
    const handle = Pidfd.of(stopping);
    // It takes signals by the time that it opens a process.
    await heldByChildren(root, 1);
    handle.signal("SIGINT");
    const { code } = await handle.wait();
    handle.close();
    await closed;
    assert.equal(code, 130, printed);
    if (json) {
      const [report] = JSON.parse(printed);
      assert.deepEqual([report.pid, report.interrupted, report.ended], [root, "SIGINT", []]);
      assert.ok(report.escaped.every(({ reason }: { reason: string }) => reason === "running"));
    } else {
      assert.match(printed, new RegExp(`^${root}: interrupted by SIGINT, 0 ended in `));
    }
    await helper.end();
  }
});
