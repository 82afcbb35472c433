import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Pidfd, type ProcessEntry, processes, type ProcessInfo } from "../../mod.ts";
import { countPidfds } from "../support/descriptors.ts";
import { HELPER, Helper, paused } from "../support/processes.ts";

/** What info() and processes() tell of one process. */
function both(handle: Pidfd, options: { commandLine?: boolean; usage?: boolean }) {
  const entry = processes(options).find(({ pid }) => pid === handle.pid);
  assert.ok(entry);
  return [handle.info(options), entry] as [ProcessInfo, ProcessEntry];
}

test("the command line is told as it was given, and only where it is asked for", async () => {
  // The helper sees its own name and "pause"; the rest is for the reader.
  const args = ["pause", "", " two  words", "line\nend", "\u00e9\u{1F600}", "\ufeffmark", ""];
  const child = spawn(HELPER, args, { stdio: ["pipe", "pipe", "inherit"] });
  const exit = once(child, "exit");
  await once(child.stdout, "data");
  const handle = Pidfd.of(child);
  for (const { commandLine, usage } of both(handle, { commandLine: true })) {
    assert.deepEqual(commandLine, [HELPER, ...args]);
    assert.equal(usage, undefined);
  }
  for (const told of [...both(handle, {}), ...both(handle, { commandLine: false })]) {
    assert.equal("commandLine" in told || "usage" in told, false);
  }
  handle.signal("SIGKILL");
  await exit;
  handle.close();
});

test("this program is told by its command line", () => {
  const handle = Pidfd.self();
  const own = readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);
  for (const { commandLine } of both(handle, { commandLine: true })) {
    assert.deepEqual(commandLine, own);
  }
  handle.close();
});

test("a command line is told however long it is, and nobody is missed beside it", async () => {
  const helpers: Helper[] = [];
  const sizes = [60_000, 120_000, 400_000, 10, 1_500_000];
  for (const size of sizes) {
    const args = Array.from({ length: Math.ceil(size / 50_000) }, () => "x".repeat(50_000));
    helpers.push(new Helper("pause", ...args));
  }
  for (const helper of helpers) await helper.line();
  const before = countPidfds();
  const plain = processes().map(({ pid }) => pid);
  const told = new Map(processes({ commandLine: true }).map((entry) => [entry.pid, entry]));
  assert.equal(countPidfds(), before);
  helpers.forEach(({ child }, index) => {
    const length = 50_000 * Math.ceil(sizes[index] / 50_000);
    const handle = Pidfd.of(child);
    for (
      const words of [
        told.get(child.pid!)?.commandLine,
        handle.info({ commandLine: true }).commandLine,
      ]
    ) {
      assert.equal(words?.slice(2).join("").length, length);
    }
    handle.close();
  });
  // One that has begun or ended between the two is in one list only.
  const now = new Set(processes().map(({ pid }) => pid));
  for (const pid of plain) if (now.has(pid)) assert.ok(told.has(pid), `${pid} is missing`);
  const pids = [...told.keys()];
  assert.ok(pids.every((pid, index) => index === 0 || pid > pids[index - 1]));
  for (const helper of helpers) await helper.kill();
});

test("a zombie and a thread of the kernel have no command line", async () => {
  const helper = new Helper("zombie", "1");
  const zombie = Pidfd.open(Number(await helper.line()));
  for (const told of both(zombie, { commandLine: true, usage: true })) {
    assert.equal("commandLine" in told, false);
    assert.equal(told.usage!.residentBytes, 0);
  }
  zombie.close();
  await helper.end();
  for (const { isKernelThread, commandLine } of processes({ commandLine: true })) {
    if (isKernelThread) assert.equal(commandLine, undefined);
  }
});

test("usage tells the time on a CPU and the memory that a process has", async () => {
  const helper = new Helper("memory", "64");
  await helper.line();
  const handle = Pidfd.of(helper.child);
  for (const { usage, ...rest } of both(handle, { usage: true })) {
    assert.equal("commandLine" in rest, false);
    const kib = Number(
      /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${handle.pid}/status`, "utf8"))![1],
    );
    assert.ok(Math.abs(usage!.residentBytes - kib * 1024) < 2 ** 20, `${usage!.residentBytes}`);
    assert.ok(usage!.residentBytes > 60 * 2 ** 20);
  }
  handle.close();
  await helper.kill();

  const self = Pidfd.self();
  const { userMicroseconds: before } = self.info({ usage: true }).usage!;
  const { user } = process.cpuUsage();
  assert.ok(Math.abs(before - user) < 100_000, `${before} is not ${user}`);
  while (process.cpuUsage().user < user + 200_000);
  for (const { usage } of both(self, { usage: true })) {
    assert.ok(usage!.userMicroseconds >= before + 150_000, `${usage!.userMicroseconds}`);
    assert.equal(usage!.userMicroseconds % 10_000, 0);
    assert.ok(usage!.systemMicroseconds >= 0);
  }
  self.close();
});

test("what is no boolean is refused before anything is read", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  for (const value of [null, 0, 1, "true", {}]) {
    for (const name of ["commandLine", "usage"]) {
      const options = { [name]: value } as never;
      const expected = {
        name: "TypeError",
        message: new RegExp(`"${name}" must be true or false`),
      };
      assert.throws(() => processes(options), expected);
      assert.throws(() => handle.info(options), expected);
    }
    assert.equal(processes({ commandLine: undefined, usage: undefined }).length > 0, true);
  }
  for (const options of [null, 7, "x"]) {
    assert.throws(() => processes(options as never), { name: "TypeError" });
    assert.throws(() => handle.info(options as never), { name: "TypeError" });
  }
  handle.close();
  await helper.kill();
});
