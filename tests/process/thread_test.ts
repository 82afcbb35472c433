import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import {
  features,
  killTree,
  Pidfd,
  PidfdOpenFailedError,
  ProcessTree,
  type SignalOptions,
} from "../../mod.ts";
import { pidfd } from "../support/cli.ts";
import { assertThrows, thrown } from "../support/errors.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";

const SIGWINCH = 28;
const [USR1, USR2] = [10, 12];

const { PIDFD_THREAD, PIDFD_INFO_EXIT, PIDFD_SIGNAL_THREAD_GROUP } = features();
const threads = { skip: PIDFD_THREAD.available ? false : PIDFD_THREAD.found };
const scopes = {
  skip: PIDFD_SIGNAL_THREAD_GROUP.available ? false : PIDFD_SIGNAL_THREAD_GROUP.found,
};

/** A process with two threads that say which of them got a signal. */
class Threads extends Helper {
  /** The first blocks SIGUSR2, the second SIGUSR1. */
  first = 0;
  second = 0;

  static async start(): Promise<Threads> {
    const helper = new Threads("signals");
    [helper.first, helper.second] = (await helper.line()).split(" ").map(Number);
    return helper;
  }

  /** Which thread has got which signal. */
  async told(): Promise<[thread: number, signal: number]> {
    const [thread, signal] = (await this.line()).split(" ").map(Number);
    return [thread, signal];
  }

  /** The signals that wait for one thread, because it blocks them. */
  pending(thread: number): number[] {
    const status = readFileSync(`/proc/${this.child.pid}/task/${thread}/status`, "latin1");
    const mask = BigInt(`0x${/^SigPnd:\s+(\w+)$/m.exec(status)![1]}`);
    return [USR1, USR2].filter((signal) => (mask >> BigInt(signal - 1)) & 1n);
  }
}

test("open() gives a handle of one thread, which signals that thread", threads, async () => {
  const helper = await Threads.start();
  const handle = Pidfd.open(helper.second, { thread: true });
  assert.equal(handle.pid, helper.second);
  assert.equal(handle.state(), "running");
  assert.equal(handle.signal("SIGWINCH"), true);
  assert.deepEqual(await helper.told(), [helper.second, SIGWINCH]);
  assert.equal(handle.signal("SIGUSR1"), true);
  assert.deepEqual(helper.pending(helper.second), [USR1], "it waits for this very thread");
  handle.close();
  await helper.end();
});

test(
  "a thread's handle has ended when the thread has, and its process lives on",
  threads,
  async () => {
    const helper = await Threads.start();
    const handle = Pidfd.open(helper.second, { thread: true });
    const process = Pidfd.of(helper.child);
    const waiting = handle.wait();
    assert.equal(handle.status(), null);
    assertThrows(() => handle.reap(), { code: "ECHILD", syscall: "waitid" });
    helper.send();
    await handle.exited;
    assert.equal(handle.isAlive(), false);
    assert.equal(handle.state(), "reaped", "nobody waits for a thread");
    const { known, code } = await waiting;
    assert.deepEqual([known, code], PIDFD_INFO_EXIT.available ? [true, 5] : [false, null]);
    assert.deepEqual(handle.waitSync(), handle.status());
    assert.equal(handle.signal("SIGWINCH"), false);
    assert.equal(handle.signal("SIGWINCH", { scope: "process" }), false);
    assert.equal(process.isAlive(), true);
    handle.close();
    process.close();
    await helper.end();
  },
);

test("a thread's handle of the first thread names it and not its process", threads, async () => {
  const helper = await Threads.start();
  const handle = Pidfd.open(helper.first, { thread: true });
  assert.equal(handle.signal("SIGUSR2"), true);
  assert.deepEqual(helper.pending(helper.first), [USR2]);
  assert.equal(handle.signal("SIGUSR2", { scope: "process" }), true);
  assert.deepEqual(await helper.told(), [helper.second, USR2], "who does not block it takes it");
  handle.close();
  await helper.end();
});

test("a handle of the first thread has ended when its process has, also if the thread went first", {
  // Before Linux 6.15 it may say so at the end of the thread.
  skip: PIDFD_INFO_EXIT.available ? threads.skip : PIDFD_INFO_EXIT.found,
}, async () => {
  const helper = new Helper("leader-ends", "3");
  await helper.line();
  const handle = Pidfd.open(helper.child.pid!, { thread: true });
  assert.equal(handle.isAlive(), true);
  assert.equal(handle.signal("SIGWINCH"), true, "nobody acts on it");
  helper.send();
  const { code } = await handle.wait({ timeoutMs: 60_000 });
  assert.equal(code, 3);
  handle.close();
  await helper.exit;
});

test("a thread's handle can be given up and adopted", threads, async () => {
  const helper = await Threads.start();
  const handle = Pidfd.fromFd(Pidfd.open(helper.second, { thread: true }).detach());
  assert.equal(handle.pid, helper.second);
  assert.equal(handle.signal("SIGWINCH"), true);
  assert.deepEqual(await helper.told(), [helper.second, SIGWINCH]);
  handle.close();
  await helper.end();
});

test("signal() takes a scope: the process", scopes, async () => {
  const helper = await Threads.start();
  const handle = Pidfd.of(helper.child);
  const thread = Pidfd.open(helper.second, { thread: true });
  assert.equal(thread.signal("SIGUSR1", { scope: "process" }), true);
  assert.deepEqual(await helper.told(), [helper.first, USR1], "the second blocks it");
  assert.equal(handle.signal("SIGUSR2"), true);
  assert.deepEqual(await helper.told(), [helper.second, USR2], "the first blocks it");
  thread.close();
  handle.close();
  await helper.end();
});

test("signal() takes a scope: the first thread, or the handle's own", scopes, async () => {
  const helper = await Threads.start();
  const handle = Pidfd.of(helper.child);
  const thread = Pidfd.open(helper.second, { thread: true });
  assert.equal(handle.signal("SIGUSR2", { scope: "thread" }), true);
  assert.deepEqual(
    helper.pending(helper.first),
    [USR2],
    "the first blocks it, and it is for nobody else",
  );
  assert.equal(thread.signal("SIGUSR1", { scope: "thread" }), true);
  assert.deepEqual(helper.pending(helper.second), [USR1]);
  assert.equal(handle.signal("SIGWINCH", { scope: "thread" }), true);
  assert.deepEqual(await helper.told(), [helper.first, SIGWINCH]);
  thread.close();
  handle.close();
  await helper.end();
});

test(
  "signal() takes a scope: the process group, also when its leader has gone",
  scopes,
  async () => {
    const helper = new Helper("group");
    const [leader, member] = (await helper.line()).split(" ").map(Number);
    const handle = Pidfd.open(leader);
    const other = Pidfd.open(member);
    assert.equal(handle.signal("SIGWINCH", { scope: "process-group" }), true);
    const both = [await helper.line(), await helper.line()].map((line) => parseInt(line));
    assert.deepEqual(both.sort(), [leader, member].sort());
    assertThrows(() => other.signal("SIGWINCH", { scope: "process-group" }), {
      name: "PidfdSignalFailedError",
      code: "ESRCH",
      message: `pidfd_send_signal ESRCH: the process leads no process group, pid ${member}`,
    });
    helper.send();
    await helper.exit;
    assert.equal(handle.signal("SIGWINCH"), false, "the process itself has ended");
    assert.equal(handle.signal("SIGWINCH", { scope: "process-group" }), true);
    assert.equal(parseInt(await helper.line()), member);
    assert.equal(other.signal("SIGKILL"), true);
    await other.exited;
    other.close();
    handle.close();
  },
);

test("signal() is false for a process group that is empty", scopes, async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  await helper.kill();
  assert.equal(handle.signal("SIGWINCH", { scope: "process-group" }), false);
  handle.close();
});

test("open() and signal() refuse wrong options before any native call", () => {
  for (const options of [null, 7, "thread"]) {
    assert.throws(() => Pidfd.open(process.pid, options as never), { name: "TypeError" });
  }
  for (const thread of [null, 1, "true", {}]) {
    assert.throws(() => Pidfd.open(process.pid, { thread: thread as never }), {
      name: "TypeError",
      message: /^Cannot open a process: "thread" must be true or false: /,
    });
  }
  const handle = Pidfd.self();
  for (const options of [null, 7, "thread"]) {
    assert.throws(() => handle.signal(0, options as never), { name: "TypeError" });
  }
  for (const scope of [null, 1, "group", "toString"]) {
    assert.throws(() => handle.signal(0, { scope } as SignalOptions), {
      name: "TypeError",
      message: /^Cannot signal: "scope" must be one of "thread", "process", "process-group": /,
    });
  }
  assert.throws(() => handle.signal(undefined as never, {}), { name: "TypeError" });
  handle.close();
});

test("open() throws ESRCH for a thread that nobody is", threads, () => {
  const error = thrown(() => Pidfd.open(2 ** 31 - 1, { thread: true }));
  assert.ok(error instanceof PidfdOpenFailedError);
  assert.equal(error.code, "ESRCH");
});

test("threads and scopes are ENOSYS where the kernel answers EINVAL, as before Linux 6.9", async () => {
  // The same answer as an older kernel's: pidfd_open and pidfd_send_signal know no such flag.
  const [opens, scopes] = [PIDFD_THREAD.available, PIDFD_SIGNAL_THREAD_GROUP.available];
  const open = await runScript("thread_self.ts", {
    through: [HELPER, "deny-flag", "434", "1", "0x80", "22"],
  });
  assert.deepEqual(JSON.parse(open.stdout || "null"), {
    process: true,
    thread: "ENOSYS",
    scope: scopes ? true : "ENOSYS",
    available: [false, scopes],
  }, open.stderr);
  const signal = await runScript("thread_self.ts", {
    through: [HELPER, "deny-flag", "424", "3", "2", "22"],
  });
  assert.deepEqual(JSON.parse(signal.stdout || "null"), {
    process: true,
    thread: opens ? true : "ENOSYS",
    scope: "ENOSYS",
    available: [opens, false],
  }, signal.stderr);
});

test("the command says of a thread's number that there is no such process", threads, async () => {
  const helper = await Threads.start();
  const { code, stdout } = await pidfd("check", String(helper.second));
  assert.deepEqual([code, stdout], [1, `${helper.second}: no such process\n`]);
  await helper.end();
});

test("a thread has no tree, because children are of the whole process", threads, async () => {
  const helper = await Threads.start();
  const thread = Pidfd.open(helper.second, { thread: true });
  const adopted = Pidfd.fromFd(Pidfd.open(helper.second, { thread: true }).detach());
  for (const handle of [thread, adopted]) {
    assert.throws(() => ProcessTree.of(handle), {
      name: "TypeError",
      message:
        `Cannot hold a tree: "root" must be a process, this is a thread of one: ${helper.second}`,
    });
    await assert.rejects(killTree(handle), TypeError);
    handle.close();
  }
  const first = Pidfd.open(helper.first, { thread: true });
  assert.equal((await killTree(first)).ended.length, 1, "the first one is the process");
  first.close();
  await helper.exit;
});

test(
  "a thread has no identity, because what would be found again is its process",
  threads,
  async () => {
    const helper = await Threads.start();
    const thread = Pidfd.open(helper.second, { thread: true });
    const first = Pidfd.open(helper.first, { thread: true });
    const adopted = Pidfd.fromFd(Pidfd.open(helper.second, { thread: true }).detach());
    const adoptedFirst = Pidfd.fromFd(Pidfd.open(helper.first, { thread: true }).detach());
    const { ino } = statSync(`/proc/self/fd/${thread.fd}`, { bigint: true });
    assert.equal(Pidfd.reopen(`${helper.second}:${ino}`), null, "a made-up one leads nowhere");
    for (const handle of [thread, first, adopted, adoptedFirst]) {
      assert.throws(() => handle.identity(), {
        name: "TypeError",
        message: `Cannot tell an identity: this is a thread of a process: ${handle.pid}`,
      });
      assert.throws(() => handle.writePidfile("/nonexistent/file"), TypeError);
      handle.close();
    }
    await helper.kill();
  },
);
