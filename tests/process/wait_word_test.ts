import assert from "node:assert/strict";
import { test } from "node:test";
import { features, Pidfd } from "../../mod.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";
import { ending, exitedWith } from "../support/statuses.ts";

const { PIDFD_INFO_EXIT, PIDFD_THREAD } = features();
const GET_INFO = String(0xC058FF0B);
const [PIDFD_OPEN, EXCLUSIVE, EINVAL, ENOTTY] = ["434", String(0x80), "22", "25"];

/** As on a kernel before 6.9: no exit records, no handles of threads. */
const OLD_KERNEL = [
  ...[HELPER, "deny-ioctl", GET_INFO, ENOTTY],
  ...[HELPER, "deny-flag", PIDFD_OPEN, "1", EXCLUSIVE, EINVAL],
];

const isDeno = "Deno" in globalThis;

interface Report {
  word: unknown;
  noWord: unknown;
  terminated: number;
  aborted: string;
  killed: string;
  reaped: number;
}

async function report(through: string[]): Promise<Report | null> {
  const { stdout, stderr } = await runScript("runtimes_word.ts", { through });
  return JSON.parse(stdout || assert.fail(stderr));
}

test("on an old kernel the runtime's word on its own child wins over a look at its code", async () => {
  const told = { looked: 7, known: true, hasUsage: true };
  assert.deepEqual(await report(OLD_KERNEL), {
    word: { ...told, code: 9, later: 9 },
    noWord: { ...told, code: 7, later: 7 },
    terminated: 9,
    aborted: "enough",
    killed: "SIGKILL",
    reaped: 7,
  });
});

test("on a kernel whose looks are right, no word is waited for", {
  skip: PIDFD_THREAD.available ? false : PIDFD_THREAD.found,
}, async () => {
  const told = { looked: 7, known: true, code: 7, hasUsage: true, later: 7 };
  assert.deepEqual(await report([]), {
    word: told,
    noWord: told,
    terminated: 7,
    aborted: "told",
    killed: "SIGKILL",
    reaped: 7,
  });
});

test("a child that was killed by its runtime, and exited otherwise, is not told to have been killed", async () => {
  for (const through of [OLD_KERNEL, []]) {
    const { stdout, stderr } = await runScript("killed_child.ts", { through });
    const exited = [true, 3, null];
    const unknown = [false, null, null];
    for (const told of JSON.parse(stdout || assert.fail(stderr))) {
      // Deno forgets the code then, and an old kernel tells it only until the child was reaped.
      const isOld = through === OLD_KERNEL || !PIDFD_INFO_EXIT.available;
      const mayBeUnknown = isDeno && isOld && !told[0];
      assert.deepEqual(told, mayBeUnknown ? unknown : exited);
    }
  }
});

test("an object that says that its child has ended is not believed while the child runs", async () => {
  const helper = await paused();
  const { pid } = helper.child;
  const once = (_: string, listener: (code: number, signal: null) => void) => listener(0, null);
  const node = { pid, once };
  const bun = { pid, exited: Promise.resolve(0) };
  const deno = { pid, status: Promise.resolve({ code: 0, signal: null }) };
  for (const child of [node, bun, deno]) {
    const handle = Pidfd.of(child);
    let isOver = false;
    handle.exited.then(() => isOver = true);
    await assert.rejects(handle.wait({ timeoutMs: 20 }), { name: "TimeoutError" });
    handle.close();
    assert.equal(isOver, false);
  }
  await helper.kill();
});

// On Linux 5.10 a look says 0 here, with which the first thread has ended.
test("wait() and terminate() tell the code of a child whose first thread ended before", async () => {
  for (const how of ["wait", "terminate"]) {
    const helper = new Helper("leader-ends", "7");
    assert.equal(await helper.line(), "ready");
    const handle = Pidfd.of(helper.child);
    const exited = handle.exited;
    helper.send();
    if (how === "wait") assert.deepEqual(ending(await handle.wait()), exitedWith(7));
    await exited;
    if (how === "terminate") {
      assert.deepEqual(ending((await handle.terminate()).status), exitedWith(7));
    }
    assert.deepEqual(ending(handle.status()), exitedWith(7));
    assert.deepEqual(await helper.exit, [7, null]);
    handle.close();
  }
});
