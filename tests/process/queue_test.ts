import assert from "node:assert/strict";
import { test } from "node:test";
import { Pidfd } from "../../mod.ts";
import { assertThrows, WRONG_NUMBERS } from "../support/errors.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";

const SI_QUEUE = -1;
const [SIGRTMIN, SIGWINCH] = [34, 28];

/** The line of the helper that says: this signal came, from us and with this value. */
function line(thread: string, signal: number, value: number): string {
  return [thread, signal, SI_QUEUE, process.pid, process.getuid!(), value].join(" ");
}

test("signal() sends a value, and says truly who sent it", async () => {
  const helper = new Helper("signals");
  const threads = (await helper.line()).split(" ");
  const [first] = threads;
  const handle = Pidfd.of(helper.child);
  for (const value of [0, 1, -1, 42, 2 ** 31 - 1, -(2 ** 31)]) {
    assert.equal(handle.signal("SIGRTMIN", { value }), true);
    assert.equal(await helper.line(), line(first, SIGRTMIN, value));
  }
  // Whichever thread the kernel chooses: both take it.
  assert.equal(handle.signal("SIGWINCH", { value: 7 }), true);
  const lines = threads.map((thread) => line(thread, SIGWINCH, 7));
  assert.ok(lines.includes(await helper.line()));
  handle.close();
  await helper.end();
});

test("signal() without a value is an ordinary signal, from us", async () => {
  const helper = new Helper("signals");
  const threads = (await helper.line()).split(" ").map(Number);
  const handle = Pidfd.of(helper.child);
  const SI_USER = 0;
  assert.equal(handle.signal("SIGWINCH", {}), true);
  const [thread, signal, code, pid, uid] = (await helper.line()).split(" ").map(Number);
  assert.ok(threads.includes(thread));
  assert.deepEqual([signal, code], [SIGWINCH, SI_USER]);
  assert.deepEqual([pid, uid], [process.pid, process.getuid!()]);
  handle.close();
  await helper.end();
});

test("signal() queues real-time signals in the order in which they were sent", async () => {
  const helper = new Helper("signals");
  const [first] = (await helper.line()).split(" ");
  const handle = Pidfd.of(helper.child);
  handle.signal("SIGSTOP");
  for (let value = 1; value <= 5; value++) handle.signal("SIGRTMIN", { value });
  handle.signal("SIGCONT");
  const values = [];
  for (let count = 0; count < 5; count++) values.push((await helper.line()).split(" ")[5]);
  assert.deepEqual(values, ["1", "2", "3", "4", "5"], `thread ${first}`);
  handle.close();
  await helper.end();
});

test("signal() throws EAGAIN where no more signals may be pending", async () => {
  const helper = new Helper("signals", "0");
  await helper.line();
  assert.equal(await helper.line(), "limited");
  const handle = Pidfd.of(helper.child);
  assertThrows(() => handle.signal("SIGRTMIN", { value: 1 }), {
    name: "PidfdSignalFailedError",
    code: "EAGAIN",
    errno: -11,
    message:
      `pidfd_send_signal EAGAIN: the queue of signals is full (RLIMIT_SIGPENDING), pid ${handle.pid}`,
  });
  assert.equal(handle.signal("SIGTERM"), true, "others still come");
  await helper.exit;
  handle.close();
});

test("signal() with a value is false for a process that has ended", async () => {
  const helper = new Helper("zombie", "3");
  const handle = Pidfd.open(Number(await helper.line()));
  assert.equal(handle.signal("SIGRTMIN", { value: 1 }), false);
  helper.send();
  assert.equal(await helper.line(), "reaped");
  assert.equal(handle.signal("SIGRTMIN", { value: 1 }), false);
  handle.close();
  await helper.end();
});

test("signal() refuses wrong values before any native call", () => {
  const handle = Pidfd.self();
  for (const value of [null, "7", 5n, {}, true]) {
    assert.throws(() => handle.signal(0, { value: value as number }), {
      name: "TypeError",
      message: /^Cannot signal: "value" must be a number: /,
    });
  }
  for (const value of [-(2 ** 31) - 1, ...WRONG_NUMBERS.filter((number) => number !== -1)]) {
    assert.throws(() => handle.signal(0, { value }), {
      name: "RangeError",
      message: /^Cannot signal: "value" must be an integer from -2147483648 to 2147483647: /,
    });
  }
  handle.close();
  assertThrows(() => handle.signal(0, { value: 1 }), { name: "PidfdError", code: "EBADF" });
});

test("signal() with a value throws EPERM for another user's process", {
  skip: process.getuid!() === 0 ? false : "becoming another user needs root",
}, async () => {
  const helper = await paused();
  const result = await runScript("queue_to.ts", {
    through: [HELPER, "as", "65534"],
    args: [String(helper.child.pid)],
  });
  assert.equal(result.stdout.trim(), "PidfdSignalFailedError EPERM", result.stderr);
  await helper.kill();
});

test("signal() checks the very value that it sends", () => {
  const handle = Pidfd.self();
  for (const later of [1e99, "7", Symbol.iterator]) {
    for (const first of [undefined, 1]) {
      let reads = 0;
      const options = {
        get value() {
          return reads++ === 0 ? first : later as never;
        },
      };
      assert.equal(handle.signal(0, options), true);
      assert.equal(reads, 1);
    }
  }
  handle.close();
});
