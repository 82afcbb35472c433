import assert from "node:assert/strict";
import { test } from "node:test";
import { Pidfd, ProcessTree } from "../../mod.ts";
import treeKill, { isRunning, treeKill as named, withFallback } from "../../tree_kill.ts";
import { countPidfds } from "../support/descriptors.ts";
import { Helper, paused, runScript } from "../support/processes.ts";
import { grow, needsRoot, runs } from "../support/trees.ts";

/** treeKill as a promise of its callback's argument. */
function killed(...args: unknown[]): Promise<Error | undefined> {
  return new Promise((resolve) => (treeKill as (...args: unknown[]) => void)(...args, resolve));
}

/** How long its callback waits for the processes, once all were signalled: at most 2 seconds. */
async function waitOf(root: number, signal: unknown): Promise<number> {
  const done = killed(root, signal);
  const began = performance.now();
  assert.equal(await done, undefined);
  return performance.now() - began;
}

async function endsTree(signal: unknown[], expected: string): Promise<void> {
  const { helper, root } = await grow("binary", 7);
  const tree = ProcessTree.of(root);
  assert.equal(await killed(root, ...signal), undefined);
  const awaited = expected === "SIGKILL" ? [...tree] : [tree.root];
  assert.ok(awaited.every(({ handle }) => !handle.isAlive()), "gone when the callback comes");
  assert.ok((await tree.wait()).every(({ signal, known }) => !known || signal === expected));
  tree.close();
  await helper.end();
}

test("treeKill(pid, callback) sends SIGTERM to a process and its descendants", async () => {
  assert.equal(treeKill, named);
  await endsTree([], "SIGTERM");
});

test("treeKill(pid, signal, callback) sends that signal, by name or number", async () => {
  await endsTree(["SIGKILL"], "SIGKILL");
  await endsTree(["KILL"], "SIGKILL");
  await endsTree([10], "SIGUSR1");
  await endsTree([undefined], "SIGTERM");
});

test("treeKill(pid) and treeKill(pid, signal) need no callback, and leave no handle", async () => {
  for (const args of [[], ["SIGKILL"]]) {
    const helper = await paused();
    const before = countPidfds();
    (treeKill as (...args: unknown[]) => void)(helper.child.pid, ...args);
    assert.equal(countPidfds(), before);
    assert.deepEqual(await helper.exit, [null, args[0] ?? "SIGTERM"]);
  }
});

test("treeKill() takes a pid in a text, but not what only begins with one, or can be made one", async () => {
  const helper = await paused();
  const pid = helper.child.pid!;
  for (const text of [`${pid} and more`, `${pid}.5`, `${pid}e3`, ""]) {
    assert.equal((await killed(text))?.message, "pid must be a number", text);
  }
  for (const value of [[pid], BigInt(pid), Object(pid), { valueOf: () => pid }]) {
    assert.equal((await killed(value))?.message, "pid must be a number");
  }
  assert.equal(runs(pid), true);
  assert.equal(await killed(` ${pid}\n`), undefined);
  await helper.exit;
});

test("treeKill() says 'pid must be a number' to the callback, or throws it", async () => {
  for (const pid of ["garbage", undefined, null, NaN, {}]) {
    assert.equal((await killed(pid))?.message, "pid must be a number");
    assert.throws(() => treeKill(pid as never), { message: "pid must be a number" });
  }
});

test("treeKill() of a pid that could mean many is refused", async () => {
  for (const pid of [0, -1]) {
    assert.ok((await killed(pid)) instanceof RangeError);
    assert.throws(() => treeKill(pid), RangeError);
  }
});

test("treeKill() does not make a pid of a number that is none", async () => {
  const helper = await paused();
  const pid = helper.child.pid!;
  for (const value of [pid + 0.5, Number(`${pid}e-300`), Number(`${pid}e300`), 2 ** 31]) {
    assert.ok((await killed(value)) instanceof RangeError, `${value}`);
    assert.throws(() => treeKill(value), RangeError);
  }
  assert.equal(runs(pid), true);
  await helper.kill();
});

test("treeKill() of a process that is gone is no error", async () => {
  assert.equal(await killed(2 ** 31 - 1), undefined);
  treeKill(2 ** 31 - 1);
});

test("treeKill() calls back once the root has ended, whatever its descendants do", async () => {
  for (const signal of ["SIGINT", "SIGHUP", "SIGUSR1"]) {
    const { helper, root } = await grow("wide", 3, "stubborn");
    const tree = ProcessTree.of(root);
    const waitedMs = await waitOf(root, signal);
    const alive = [...tree].map(({ handle }) => handle.isAlive());
    tree.close();
    await helper.end();
    assert.deepEqual(alive, [false, true, true], signal);
    assert.ok(waitedMs < 1000, `${signal}: ${waitedMs} ms`);
  }
});

test("treeKill() spares an orphan in the root's session, as tree-kill does", async () => {
  const { helper, root, other } = await grow("double-fork", 2);
  const tree = ProcessTree.of(root);
  const relations = [...tree].map(({ relation }) => relation);
  tree.close();
  await killed(root, "SIGKILL");
  const running = [root, other].map(runs);
  await helper.end();
  assert.deepEqual(relations, ["root", "session"]);
  assert.deepEqual(running, [false, true]);
});

test("treeKill() gives an unknown signal's error the code that it has in tree-kill", async () => {
  const helper = await paused();
  const pid = helper.child.pid!;
  const code = "ERR_UNKNOWN_SIGNAL";
  for (const signal of ["SIGNOTHING", "sigkill", "9", "", {}, 1n, true]) {
    const error = await killed(pid, signal);
    assert.ok(error instanceof TypeError);
    assert.deepEqual({ ...error }, { code });
    assert.throws(() => treeKill(pid, signal as never), { name: "TypeError", code });
  }
  for (const signal of [1.5, 2 ** 31]) {
    assert.throws(() => treeKill(pid, signal), { name: "RangeError", code });
  }
  for (const signal of [-1, 65]) {
    assert.throws(() => treeKill(pid, signal), { name: "RangeError", code: "EINVAL" });
  }
  assert.throws(() => treeKill(2 ** 31 - 1, "SIGNOTHING"), { code });
  assert.equal(runs(pid), true);
  await helper.kill();
});

test("treeKill() calls back for signals that end nobody", async () => {
  const { helper, root } = await grow("wide", 3, "ignore");
  const before = countPidfds();
  assert.equal(await killed(root, 0), undefined);
  assert.equal(await killed(root, "SIGCONT"), undefined);
  assert.equal(await killed(root), undefined, "after its time, because they ignore it");
  assert.equal(countPidfds(), before);
  assert.equal(runs(root), true);
  await helper.end();
});

test("treeKill() waits for nobody after a signal that is not meant to end anything", async () => {
  const { helper, root } = await grow("wide", 3, "ignore");
  const harmless = [
    ...["SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGWINCH"],
    ...[0, "SIGCONT"],
  ];
  const waits: number[] = [];
  for (const signal of harmless) waits.push(await waitOf(root, signal));
  await helper.end();
  assert.ok(Math.max(...waits) < 1000, waits.join());
});

test("treeKill() tells what it may not signal", { skip: needsRoot }, async () => {
  const { helper, root } = await grow("wide", 3);
  const { stdout, stderr } = await runScript("tree_kill_refused.ts", {
    through: [new URL("../../zig/zig-out/bin/helper", import.meta.url).pathname, "as", "65534"],
    args: [String(root)],
  });
  assert.equal(stdout.trim(), "EPERM", stderr);
  assert.equal(runs(root), true);
  await helper.end();
});

test("elsewhere treeKill() calls the fallback, or says that it can't", async () => {
  assert.throws(() => withFallback(undefined as never), TypeError);
  assert.throws(() => withFallback(1 as never), TypeError);
  const { stdout, stderr } = await runScript("tree_kill_elsewhere.ts");
  assert.deepEqual(
    JSON.parse(stdout || JSON.stringify(stderr)),
    [
      [7, "SIGINT"],
      ...Array(3).fill("RangeError"),
      "Cannot end a tree: process handles don't work here",
      null,
    ],
  );
  const helper = await paused();
  const kill = withFallback(() => assert.fail("it is not needed here"));
  kill(helper.child.pid!, "SIGKILL");
  await helper.exit;
});

test("a library that can't be loaded is an error, and no reason for the fallback", async () => {
  const env = { PIDFD_LIBRARY: "/nowhere/pidfd.so" };
  const { stdout, stderr } = await runScript("tree_kill_without_library.ts", { env });
  assert.equal(stdout, '["ENOSYS","ENOSYS","ENOSYS"]\n', stderr);
});

test("isRunning() is true of what runs, and false of a zombie and of nobody", async () => {
  assert.equal(isRunning(process.pid), true);
  const zombie = new Helper("zombie", "0");
  const pid = Number(await zombie.line());
  assert.equal(isRunning(pid), false);
  const handle = Pidfd.open(pid);
  assert.equal(handle.state(), "exited");
  handle.close();
  await zombie.end();
  assert.equal(isRunning(2 ** 31 - 1), false);
  assert.throws(() => isRunning("1" as never), TypeError);
  assert.throws(() => isRunning(0), RangeError);
});

test("what a callback of treeKill() throws is its program's, and it is called once", async () => {
  const { stdout, stderr } = await runScript("callback_throws.ts");
  const heard = [null, "thrown: its own", null, "uncaughtException: its own"];
  assert.deepEqual(JSON.parse(stdout || "null"), heard, stderr);
});
