import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import { Pidfd, PidfdError, PidfdOpenFailedError } from "../../mod.ts";
import { countPidfds } from "../support/descriptors.ts";
import { assertThrows, thrown, WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { HELPER, Helper, paused, run, runScript } from "../support/processes.ts";

const isRoot = process.getuid!() === 0;

test("open() gives a handle of the process that has the pid", async () => {
  const helper = await paused();
  const handle = Pidfd.open(helper.child.pid!);
  assert.equal(handle.pid, helper.child.pid);
  assert.equal(handle.closed, false);
  assert.equal(handle.isAlive(), true);
  handle.close();
  await helper.kill();
});

test("open() takes a process that is not a child", () => {
  const parent = Pidfd.open(process.ppid);
  assert.equal(parent.isAlive(), true);
  assert.equal(parent.state(), "running");
  parent.close();
});

test("open() takes init, whoever we are; only root may signal it", () => {
  const init = Pidfd.open(1);
  assert.equal(init.isAlive(), true);
  if (isRoot) assert.equal(init.signal(0), true);
  else assertThrows(() => init.signal(0), { code: "EPERM", pid: 1 });
  init.close();
});

const hasKernelThreads = readFileSync("/proc/2/stat", "latin1").startsWith("2 (kthreadd)");
test("open() takes a kernel thread", {
  skip: hasKernelThreads ? false : "no kernel thread has pid 2 in this pid namespace",
}, () => {
  const thread = Pidfd.open(2);
  assert.equal(thread.isAlive(), true);
  assert.equal(thread.status(), null);
  thread.close();
});

test("open() gives a descriptor that is closed on exec", () => {
  const handle = Pidfd.self();
  const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${handle.fd}`, "latin1"));
  assert.equal(parseInt(flags![1], 8) & 0o2000000, 0o2000000);
  handle.close();
});

test("self() opens the calling process", () => {
  const handle = Pidfd.self();
  assert.equal(handle.pid, process.pid);
  assert.equal(handle.isAlive(), true);
  handle.close();
});

test("open() throws ESRCH for a pid that nobody has", () => {
  const action = () => Pidfd.open(2 ** 31 - 1);
  assertThrows(action, {
    name: "PidfdOpenFailedError",
    code: "ESRCH",
    errno: -3,
    syscall: "pidfd_open",
    pid: 2 ** 31 - 1,
    message: "pidfd_open ESRCH: no such process, pid 2147483647",
  });
  assert.throws(action, PidfdOpenFailedError);
  assert.throws(action, PidfdError);
});

test("open() refuses wrong arguments before any native call, and opens nothing", () => {
  Pidfd.self().close();
  const before = countPidfds();
  for (const value of WRONG_TYPES) {
    assert.throws(() => Pidfd.open(value as number), {
      name: "TypeError",
      message: /^Cannot open a process: "pid" must be a number: /,
    });
  }
  for (const value of [0, -0, ...WRONG_NUMBERS]) {
    assert.throws(() => Pidfd.open(value), {
      name: "RangeError",
      message: /^Cannot open a process: "pid" must be an integer from 1 to 2147483647: /,
    });
  }
  assert.equal(countPidfds(), before);
});

test("open() throws ENOENT, or ESRCH before Linux 6.16, for the id of a thread", () => {
  const threads = readdirSync("/proc/self/task").map(Number);
  const thread = threads.find((id) => id !== process.pid);
  assert.ok(thread !== undefined, "every runtime has more than one thread");
  const error = thrown(() => Pidfd.open(thread));
  assert.ok(error instanceof PidfdOpenFailedError);
  assert.match(error.code, /^(ENOENT|ESRCH)$/);
});

test("open() throws EMFILE when no descriptor is free, and the support stays", async () => {
  const result = await runScript("emfile.ts", { through: ["prlimit", "--nofile=128"] });
  assert.equal(result.stderr, "");
  assert.deepEqual(JSON.parse(result.stdout), {
    code: "EMFILE",
    errno: -24,
    syscall: "pidfd_open",
    supported: true,
    worksAgain: true,
  });
});

const DENIALS: [errno: number, code: string][] = [
  [38, "ENOSYS"],
  [1, "EPERM"],
  [13, "EACCES"],
  [12, "ENOMEM"],
  [23, "ENFILE"],
  [22, "ESRCH"], // Before 6.16 the kernel says EINVAL for a process that is being reaped.
  [0, "ENOSYS"], // A profile can make the call answer 0, which is no pidfd but the standard input.
];
for (const [errno, code] of DENIALS) {
  test(`open() throws ${code} where the kernel answers errno ${errno}`, async () => {
    const result = await runScript("open_self.ts", {
      through: [HELPER, "deny", "434", String(errno)],
    });
    assert.equal(result.stdout.trim(), `PidfdOpenFailedError ${code} pidfd_open`, result.stderr);
  });
}

test("open() keeps naming its process when the pid is given to another one", {
  skip: isRoot ? false : "forcing a pid needs root",
}, async () => {
  const first = await paused();
  const pid = first.child.pid!;
  const handle = Pidfd.open(pid);
  await first.kill();
  const stranger = new Helper("occupy", String(pid));
  assert.equal(Number(await stranger.line()), pid);
  assert.equal(process.kill(pid, 0), true, "the number alone reaches the stranger");
  assert.equal(handle.isAlive(), false);
  assert.equal(handle.state(), "reaped");
  assert.equal(handle.signal("SIGKILL"), false);
  const other = Pidfd.open(pid);
  assert.equal(other.isAlive(), true, "the stranger was not hit");
  other.close();
  handle.close();
  await stranger.end();
});

test("an unprivileged user opens root's process, and may not signal it", {
  skip: isRoot ? false : "becoming another user needs root",
}, async () => {
  const result = await runScript("as_nobody.ts", {
    through: [HELPER, "as", "65534"],
    args: [String(process.pid)],
  });
  assert.deepEqual(JSON.parse(result.stdout), {
    alive: true,
    name: "PidfdSignalFailedError",
    code: "EPERM",
    errno: -1,
    syscall: "pidfd_send_signal",
    pid: process.pid,
  }, result.stderr);
});

test("an error has a cause where there is one, and shows none where there is not", () => {
  const error = thrown(() => Pidfd.open(2 ** 31 - 1));
  assert.equal("cause" in error, false);
  assert.doesNotMatch(inspect(error), /cause/);
  const cause = new Error("the one behind it");
  assert.equal(new PidfdError({ errno: -38, syscall: "pidfd_open", cause }).cause, cause);
});

test("the helper that these tests rest on ends as it is told", async () => {
  assert.equal((await run(HELPER, ["exit", "7"])).code, 7);
});
