import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, realpathSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  features,
  killTree,
  type KillTreeOptions,
  Pidfd,
  processes,
  ProcessTree,
} from "../../mod.ts";
import { countPidfds } from "../support/descriptors.ts";
import { WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { HELPER, Helper, paused, runScript, runtimeCommand } from "../support/processes.ts";
import { grow, needsRoot, runs, statesOfThreads, statFields } from "../support/trees.ts";

const exitRecord = features().PIDFD_INFO_EXIT;

/** Each way to end a tree. */
const WAYS: KillTreeOptions[] = [{ graceMs: 60_000 }, { graceMs: 60_000, freeze: false }, {
  killSignal: "SIGKILL",
}];

/** Why a process can't be held at its end, or false. */
async function lacksHold(): Promise<string | false> {
  const helper = await paused();
  const holder = new Helper("hold-exit", String(helper.child.pid));
  const line = await holder.line().catch(() => "");
  helper.child.kill("SIGKILL");
  // It lets go of it when it begins to end.
  await holder.end();
  await helper.exit;
  return line === "traced" ? false : "no process may be traced";
}

/**
 * Everything that the tree consists of, held by a tree of our own, so that it can be looked at
 * afterwards.
 */
async function endTree(
  [shape, count, ...behaviours]: [string, number, ...string[]],
  options: KillTreeOptions,
) {
  const { helper, root, other } = await grow(shape, count, ...behaviours);
  const witness = ProcessTree.of(root);
  const before = countPidfds();
  const report = await killTree(root, options);
  assert.equal(countPidfds(), before, "no handle is left");
  const left = [...witness].filter(({ handle }) => handle.isAlive());
  assert.deepEqual(left.map(({ pid }) => pid), [], `${shape} ${count} ${behaviours}`);
  assert.deepEqual(report.escaped, []);
  witness.close();
  return { helper, report, root, other };
}

test("killTree() ends trees of every shape, politely, without a stop, and by force", async () => {
  const trees: [string, number, ...string[]][] = [
    ["deep", 1],
    ["wide", 10],
    ["binary", 100],
    ["deep", 100],
    ["binary", 31, "session"],
    ["binary", 31, "group"],
  ];
  for (const tree of trees) {
    for (const options of WAYS) {
      const { helper, report } = await endTree(tree, { ...options, statusMs: 10_000 });
      const { ended } = report;
      assert.equal(ended.length, tree[1]);
      const signal = options.killSignal ?? "SIGTERM";
      assert.ok(ended.every(({ forced }) => forced === (signal === "SIGKILL")));
      if (exitRecord.available) {
        assert.ok(ended.every(({ status }) => status.signal === signal));
      }
      assert.ok(ended.every(({ afterMs }, i) => i === 0 || afterMs >= ended[i - 1].afterMs));
      await helper.end();
    }
  }
});

test("killTree() forces those that ignore the polite signal, and says which", async () => {
  const { helper, report } = await endTree(["binary", 15, "ignore"], { graceMs: 20 });
  assert.equal(report.ended.length, 15);
  assert.ok(report.ended.every(({ forced, afterMs }) => forced && afterMs >= 20));
  await helper.end();
});

test("killTree() resumes what had stopped itself, which ends without force", async () => {
  for (const freeze of [false, true]) {
    const { helper, root } = await grow("binary", 7, "stop");
    const stopped = () => processes().filter(({ pid, state }) => members.has(pid) && state === "T");
    const tree = ProcessTree.of(root);
    const members = new Set([...tree].map(({ pid }) => pid));
    while (stopped().length < 7) await new Promise((resolve) => setTimeout(resolve, 1));
    tree.close();
    const { ended, settled } = await killTree(root, { graceMs: 20_000, freeze });
    assert.deepEqual([ended.length, settled], [7, freeze]);
    assert.ok(ended.every(({ forced }) => !forced));
    await helper.end();
  }
});

test("killTree() with graceMs: Infinity kills nobody", async () => {
  const { helper, root } = await grow("wide", 3, "ignore");
  const killing = killTree(root, { graceMs: Infinity });
  let isOver = false;
  killing.then(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(isOver, false);
  const tree = ProcessTree.of(root);
  assert.equal(tree.size, 3);
  tree.signal("SIGINT");
  tree.close();
  const { ended } = await killing;
  assert.equal(ended.length, 3);
  assert.ok(ended.every(({ forced }) => !forced));
  await helper.end();
});

test("killTree() and ProcessTree take a runtime's child", async () => {
  const helper = await paused();
  const tree = ProcessTree.of(helper.child);
  assert.deepEqual([tree.root.pid, tree.size], [helper.child.pid, 1]);
  tree.close();
  const { ended } = await killTree(helper.child);
  assert.deepEqual(ended.map(({ pid, status }) => [pid, status.signal]), [
    [helper.child.pid, "SIGTERM"],
  ]);
  await helper.exit;
  await assert.rejects(killTree(helper.child), { name: "PidfdOpenFailedError", code: "ESRCH" });
  await assert.rejects(killTree({ pid: process.pid }), { code: "ESRCH" });
  await assert.rejects(killTree({} as never), {
    name: "TypeError",
    message: /"root" must be a pid, a Pidfd or a child process/,
  });
});

test("killTree() has nothing to do for what ends by itself", async () => {
  const { helper, report } = await endTree(["wide", 20, "exit"], {});
  assert.ok(report.ended.length >= 1);
  await helper.end();
});

test("killTree() ends a tree that forks at full speed, and one that starts again what ends", async () => {
  for (const tree of [["fork-loop", 4], ["restart", 10]] as [string, number][]) {
    for (const options of WAYS) {
      const { helper, report } = await endTree(tree, options);
      assert.ok(report.ended.length >= tree[1]);
      await helper.end();
    }
  }
  const { helper } = await endTree(["restart", 10, "ignore"], { graceMs: 20 });
  await helper.end();
});

test("killTree() ends a fork bomb of 150 processes whole", async () => {
  for (const options of [{ graceMs: 60_000 }, { killSignal: "SIGKILL" as const }]) {
    const { helper, root } = await grow("bomb", 150);
    const guardian = Number(statFields(root)![1]);
    await killTree(root, options);
    // Nothing was given to the process that adopts orphans in there: nobody escaped.
    const tree = ProcessTree.of(guardian);
    const left = [...tree].filter(({ pid, handle }) => pid !== guardian && handle.isAlive());
    assert.deepEqual(left.map(({ pid }) => pid), []);
    tree.close();
    await helper.end();
  }
});

test("each of two who end a frozen tree at once tells of all of it", async () => {
  for (const killSignal of ["SIGTERM", "SIGKILL"] as const) {
    const { helper, root } = await grow("deep", 4);
    const options = { freeze: true, killSignal, graceMs: 60_000 };
    const reports = await Promise.all([killTree(root, options), killTree(root, options)]);
    assert.deepEqual(reports.map(({ ended }) => ended.length), [4, 4]);
    const pids = reports.map(({ ended }) => ended.map(({ pid }) => pid).sort());
    assert.deepEqual(pids[0], pids[1]);
    await helper.end();
  }
});

test("killTree() kills who refuses the signal and then becomes a user of ours", {
  skip: needsRoot,
}, async () => {
  const become = `'${HELPER}' as 65534`;
  const script = `${become} /bin/sh -c 'trap "" TERM; echo $$; exec sleep 1000' &
read go; exec ${become} /bin/sh -c 'echo changed; exec sleep 1000'`;
  const shell = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  const exit = once(shell, "exit");
  const handle = Pidfd.of(shell);
  await lines.next();
  const [program, ...args] = runtimeCommand(
    fileURLToPath(new URL("../fixtures/kill_changing.ts", import.meta.url)),
    { through: [HELPER, "as", "65534"], args: [String(handle.pid)] },
  );
  const killer = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const over = once(killer, "close");
  const told = createInterface({ input: killer.stdout })[Symbol.asyncIterator]();
  try {
    assert.equal((await told.next()).value, "asked");
    shell.stdin.write("\n");
    const report = told.next();
    const first = await Promise.race([lines.next(), report]);
    assert.equal(first.value, "changed", "it must change before the grace is over");
    assert.deepEqual(JSON.parse(String((await report).value)), { ended: 2, escaped: [] });
  } finally {
    handle.signal("SIGKILL");
    handle.close();
    // Bun holds a pidfd of each child that runs, which the next test would count.
    await Promise.all([exit, over]);
  }
});

test("killTree() finds a double fork by its session", async () => {
  const { helper, report, other } = await endTree(["double-fork", 2], {});
  assert.equal(report.ended.length, 2);
  assert.equal(runs(other), false);
  await helper.end();
});

test("freezing hangs up no process group that others share", async () => {
  for (const options of WAYS) {
    // Many, so that the group has lost its last tie long before the last of them is let go on, if
    // that is the order.
    const { helper, report, other } = await endTree(["tangle", 204], {
      ...options,
      statusMs: 10_000,
    });
    assert.equal(report.ended.length, 203);
    if (exitRecord.available) {
      const signals = new Set(report.ended.map(({ status }) => status.signal));
      assert.deepEqual([...signals], [options.killSignal ?? "SIGTERM"]);
    }
    assert.equal(runs(other), true, "whoever shared the group lives on");
    assert.equal(statFields(other)![0], "S");
    await helper.end();
  }
});

test("abort rejects with the reason, whatever was done; nothing stays stopped, and the report is true", async () => {
  for (const freeze of [false, true]) {
    for (const abortAfter of [0, 1, 2, 5, 30]) {
      const { helper, root } = await grow("binary", 31, "ignore");
      const before = countPidfds();
      const controller = new AbortController();
      const killing = killTree(root, { freeze, signal: controller.signal, graceMs: 60_000 });
      const reason = new Error("changed my mind");
      setTimeout(() => controller.abort(reason), abortAfter);
      await assert.rejects(killing, reason);
      assert.equal(countPidfds(), before);
      const { ended, escaped } = killing.report();
      assert.deepEqual(ended, []);
      assert.ok(escaped.every((escape) => escape.reason === "running"));
      const tree = ProcessTree.of(root);
      for (const { pid } of tree) {
        while (statFields(pid)![0] === "R") await new Promise((resolve) => setTimeout(resolve, 1));
        assert.equal(statFields(pid)![0], "S");
      }
      tree.close();
      await helper.end();
    }
  }
});

test("abort while the tree is stopped lets all of it go on", async () => {
  const { helper, root } = await grow("unstoppable", 4);
  const before = countPidfds();
  const controller = new AbortController();
  const killing = killTree(root, { freeze: true, signal: controller.signal });
  // By now it was told to stop, and one of them does not.
  const tree = ProcessTree.of(root);
  assert.equal(tree.size, 4);
  const states = () => [...tree].map(({ pid }) => statFields(pid)![0]).sort().join("");
  // Without a turn of the event loop, so that nothing else happens meanwhile.
  const start = performance.now();
  while (states() !== "DTTT" && performance.now() < start + 30_000);
  assert.equal(states(), "DTTT");
  controller.abort();
  await assert.rejects(killing, { name: "AbortError" });
  while (states() !== "DSSS" && performance.now() < start + 60_000) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(states(), "DSSS");
  assert.deepEqual(killing.report().ended, []);
  tree.close();
  assert.equal(countPidfds(), before);
  await helper.end();
});

test("abort while one that was forced does not end yet tells that it runs", {
  skip: await lacksHold(),
}, async () => {
  const helper = await paused();
  const pid = helper.child.pid!;
  const holder = new Helper("hold-exit", String(pid));
  assert.equal(await holder.line(), "traced");
  const before = countPidfds();
  const controller = new AbortController();
  const killing = killTree(pid, { killSignal: "SIGKILL", signal: controller.signal });
  const rejected = assert.rejects(killing, { name: "AbortError" });
  assert.equal(await holder.line(), "ending");
  controller.abort();
  await rejected;
  assert.equal(countPidfds(), before);
  const { ended, escaped } = killing.report();
  assert.deepEqual(ended, []);
  assert.deepEqual(escaped.map(({ pid, reason }) => [pid, reason]), [[pid, "running"]]);
  holder.send();
  await helper.exit;
  await holder.end();
});

test("abort while it is waited to be told how they ended tells that they have", {
  skip: needsRoot || (exitRecord.available ? false : exitRecord.found),
}, async () => {
  const helper = new Helper("two-owners", "65534");
  const pids = (await helper.line()).split(" ").map(Number);
  const before = countPidfds();
  const controller = new AbortController();
  let count = 0;
  const killing = killTree(helper.child.pid!, {
    includeRoot: false,
    killSignal: "SIGKILL",
    statusMs: 60_000,
    signal: controller.signal,
    onEnd: () => ++count === 2 && setTimeout(() => controller.abort(), 20),
  });
  await assert.rejects(killing, { name: "AbortError" });
  assert.equal(countPidfds(), before);
  const { ended, escaped } = killing.report();
  assert.deepEqual(ended.map(({ pid }) => pid).sort(), pids.sort());
  assert.ok(ended.every(({ forced, status }) => forced && !status.known), "nobody has reaped them");
  assert.deepEqual(escaped, []);
  await helper.end();
});

test("what was stopped before is resumed to act on the signal", async () => {
  const { helper, root } = await grow("deep", 3, "stop");
  while (statFields(root)![0] !== "T") await new Promise((resolve) => setTimeout(resolve, 1));
  const controller = new AbortController();
  const killing = killTree(root, { freeze: true, killSignal: "SIGURG", signal: controller.signal });
  setTimeout(() => controller.abort(), 30);
  await assert.rejects(killing, { name: "AbortError" });
  assert.notEqual(statFields(root)![0], "T");
  await helper.end();
});

test("what was stopped before stays stopped when nobody was signalled, also where its first thread ended", async () => {
  const helper = new Helper("leader-ends", "7");
  assert.equal(await helper.line(), "ready");
  const handle = Pidfd.of(helper.child);
  const { pid } = handle;
  const controller = new AbortController();
  const states = () => statesOfThreads(pid);
  try {
    handle.signal("SIGSTOP");
    while (states() !== "TZ") await new Promise((resolve) => setTimeout(resolve, 1));
    const { signal } = controller;
    const killing = killTree(pid, { freeze: true, killSignal: "SIGURG", signal });
    // By now it was stopped where it was not before.
    controller.abort();
    await assert.rejects(killing, { name: "AbortError" });
    assert.equal(states(), "TZ");
  } finally {
    handle.signal("SIGKILL");
    handle.close();
    await helper.exit;
  }
});

test("a signal that was aborted before ends nobody", async () => {
  const helper = await paused();
  const killing = killTree(helper.child.pid!, { signal: AbortSignal.abort("no") });
  await assert.rejects(killing, (reason) => reason === "no");
  assert.deepEqual(killing.report().ended, []);
  assert.equal(runs(helper.child.pid!), true);
  await helper.kill();
});

test("killTree() tells of each end at once, and of all until now", async () => {
  const { helper, root } = await grow("wide", 5);
  const ended: number[] = [];
  const killing = killTree(root, { onEnd: ({ pid }) => ended.push(pid) });
  const report = await killing;
  assert.deepEqual(report.ended.map(({ pid }) => pid), ended);
  assert.deepEqual(killing.report().ended, report.ended);
  await helper.end();
});

test("what onEnd throws rejects, and keeps nobody else from being told", async () => {
  const { helper, root } = await grow("wide", 5);
  const others = await Promise.all([paused(), paused(), paused()]);
  const handles = others.map(({ child }) => Pidfd.of(child));
  const ends = handles.map((handle) => handle.wait({ timeoutMs: 60_000 }));
  const before = countPidfds();
  let count = 0;
  const killing = killTree(root, {
    onEnd() {
      if (count++ > 0) return;
      // They end in the same moment as the rest of the tree.
      for (const handle of handles) handle.signal("SIGKILL");
      throw new RangeError("thrown by onEnd");
    },
  });
  await assert.rejects(killing, { name: "RangeError", message: "thrown by onEnd" });
  assert.ok((await Promise.all(ends)).every(({ signal }) => signal === "SIGKILL"));
  assert.ok(countPidfds() <= before, "no handle is left");
  handles.forEach((handle) => handle.close());
  await Promise.all(others.map(({ exit }) => exit));
  await helper.end();
});

test("killTree() of this process spares it, and ends everything below with includeRoot", async () => {
  const helper = new Helper("tree", "wide", "5");
  const root = Number(await helper.line());
  const handle = Pidfd.open(root);
  const report = await killTree(process.pid, { includeRoot: false, killSignal: "SIGKILL" });
  assert.ok(report.ended.length >= 7, "the helper's own two, and the tree");
  assert.deepEqual(report.escaped, []);
  assert.equal(handle.isAlive(), false);
  handle.close();
  await helper.exit;
  const spared = await killTree(process.pid, { graceMs: 0 });
  assert.deepEqual(spared.escaped.map(({ pid, reason }) => [pid, reason]), [[
    process.pid,
    "spared",
  ]]);
});

test("killTree() spares this process also where nobody is stopped", async () => {
  const { stdout, stderr, signal } = await runScript("spare_unfrozen.ts");
  assert.equal(signal, null, stderr);
  assert.deepEqual(JSON.parse(stdout || JSON.stringify(stderr)), [true, true, true, true]);
});

test("killTree() works with no permission but --allow-ffi, and with no program to run", async () => {
  const { helper, root } = await grow("binary", 10);
  const { stdout, stderr } = await runScript("kill_tree.ts", {
    permissions: ["--allow-ffi"],
    env: { PATH: "" },
    args: [String(root)],
  });
  assert.deepEqual(JSON.parse(stdout || JSON.stringify(stderr)), {
    ended: 10,
    escaped: [],
    hidden: 0,
  });
  await helper.end();
});

const isAmongThem = realpathSync(process.execPath).startsWith("/usr/bin/");
test("killTree() works where there is neither ps nor a shell", {
  skip: needsRoot ||
    (isAmongThem ? "the runtime itself lies in /usr/bin, which is emptied" : false),
}, async () => {
  const { helper, root } = await grow("binary", 10);
  const { stdout, stderr } = await runScript("kill_tree.ts", {
    through: [HELPER, "mount-empty", "/usr/bin"],
    args: [String(root), JSON.stringify({ showShell: true })],
  });
  const result = JSON.parse(stdout || JSON.stringify(stderr));
  assert.deepEqual(result, { ended: 10, escaped: [], hidden: 0, hasShell: false });
  await helper.end();
});

test("killTree() finds children by a pass where the kernel does not list them", {
  skip: needsRoot,
}, async () => {
  for (const options of [{}, { killSignal: "SIGKILL" }, { freeze: false }]) {
    const { helper, root } = await grow("binary", 10);
    const tree = ProcessTree.of(root);
    const hide = [...tree].flatMap(({ pid }) => [HELPER, "mount-empty", `/proc/${pid}/task`]);
    tree.close();
    const args = [String(root), JSON.stringify(options)];
    const { stdout, stderr } = await runScript("kill_tree.ts", { through: hide, args });
    assert.deepEqual(JSON.parse(stdout || JSON.stringify(stderr)), {
      ended: 10,
      escaped: [],
      hidden: 0,
    });
    await helper.end();
  }
});

test("killTree() counts whom /proc hides, and can't be misled by the /proc of others", {
  skip: needsRoot,
}, async () => {
  const { helper, root } = await grow("wide", 3);
  const ask = async (...through: string[]) => {
    const args = [String(root), "{}"];
    const { stdout, stderr } = await runScript("kill_tree.ts", { through, args });
    return JSON.parse(stdout || JSON.stringify(stderr));
  };
  const { ended, escaped, hidden } = await ask(
    ...[HELPER, "mount-proc", "hidepid=1", HELPER, "as", "65534"],
  );
  assert.equal(ended, 0);
  // Where the kernel does not tell who its hidden parent's parent is, whoever is older than that
  // program may be it.
  const reason = features().PIDFD_GET_INFO.available ? "refused" : "spared";
  assert.deepEqual(escaped.map((one: { reason: string }) => one.reason), [reason]);
  assert.ok(hidden >= 3, `${hidden}`);
  const other = [HELPER, "in-pid-namespace", String(process.pid)];
  const self = ["1", "{}"];
  const { stdout, stderr } = await runScript("kill_tree.ts", { through: other, args: self });
  assert.equal(JSON.parse(stdout || JSON.stringify(stderr)), "EREMOTE open");
  assert.equal(runs(root), true);
  await helper.end();
});

test("killTree() spares an ancestor behind one that /proc hides", { skip: needsRoot }, async () => {
  const GET_INFO = String(0xC058FF0B);
  // The second stands for Linux before 6.13, which does not tell the parent of a process without
  // /proc.
  for (const deny of [[], [HELPER, "deny-ioctl", GET_INFO, "25"]]) {
    const { stdout, stderr } = await runScript("hidden_ancestor.ts", {
      through: [HELPER, "mount-proc", "hidepid=2", HELPER, "as", "65534", HELPER, "above-hidden"]
        .concat(deny),
      args: ["@"],
    });
    assert.deepEqual(JSON.parse(stdout || JSON.stringify(stderr)), {
      isParentShown: false,
      ancestor: { ended: 0, escaped: ["spared"] },
      signalled: 0,
      child: { ended: 1, escaped: [] },
    });
  }
});

test("killTree() works as pid 1 of a namespace, also where /proc hides others", {
  skip: needsRoot,
}, async () => {
  for (const options of ["", "hidepid=2"]) {
    const { stdout, stderr } = await runScript("kill_tree_as_init.ts", {
      through: [HELPER, "in-own-proc", options],
    });
    const result = JSON.parse(stdout || JSON.stringify(stderr));
    assert.deepEqual(result, { pid: 1, one: 10, all: 12, escaped: [], left: 1 });
  }
});

test("orphans are given to this process, and reaped where that is asked for", async () => {
  const { stdout, stderr } = await runScript("adopt.ts");
  assert.deepEqual(JSON.parse(stdout || JSON.stringify(stderr)), {
    without: { ended: 20, children: 0 },
    kept: { ended: 20, zombies: 19 },
    reaped: { ended: 20, zombies: 0, known: true },
    neglected: "reaped",
    after: { ended: 20, children: 0 },
    ownExit: [null, "SIGKILL"],
  });
});

test("nobody is left below a subreaper, whoever else becomes an orphan", async () => {
  const noise = spawn("sh", ["-c", "while :; do (setsid sleep 0.2 &); sleep 0.01; done"]);
  try {
    const { stdout, stderr } = await runScript("settled_below_subreaper.ts");
    const settled = [true, true, true, true];
    const result = JSON.parse(stdout || JSON.stringify(stderr));
    assert.deepEqual(result, { settled, left: 0, interrupted: false });
  } finally {
    noise.kill("SIGKILL");
    await once(noise, "exit");
  }
});

test("killTree() says whom it may not end", { skip: needsRoot }, async () => {
  const { helper, root } = await grow("wide", 3);
  const { stdout, stderr } = await runScript("kill_tree.ts", {
    through: [HELPER, "as", "65534"],
    args: [String(root)],
  });
  const { ended, escaped } = JSON.parse(stdout || JSON.stringify(stderr));
  assert.equal(ended, 0);
  assert.deepEqual(
    escaped.map(({ reason, error }: { reason: string; error: { code: string } }) => [
      reason,
      error.code,
    ]),
    Array(3).fill(["refused", "EPERM"]),
  );
  assert.equal(runs(root), true);
  await helper.end();
});

const kernelThread = processes().find((entry) => entry.isKernelThread && entry.ppid > 0);
test("a thread of the kernel, whom nobody can kill, refuses", {
  skip: needsRoot || (kernelThread ? false : "no thread of the kernel is seen here"),
}, async () => {
  const { stdout, stderr } = await runScript("kill_tree.ts", {
    // No signal is sent, and the kernel says that it was: as it does to who sends one to such a
    // thread.
    through: [HELPER, "deny", "pidfd_send_signal", "0"],
    args: [String(kernelThread!.pid), JSON.stringify({ killSignal: "SIGKILL" })],
  });
  const { ended, escaped } = JSON.parse(stdout || JSON.stringify(stderr));
  assert.equal(ended, 0);
  const [{ pid, reason, error }] = escaped;
  assert.deepEqual([pid, reason, error.code], [kernelThread!.pid, "refused", "EPERM"]);
});

test("one that may not be ended, and ends by itself, hides the status of nobody else", {
  skip: needsRoot || (exitRecord.available ? false : exitRecord.found),
}, async () => {
  const helper = new Helper("two-owners", "65534");
  const [refusing, other] = (await helper.line()).split(" ").map(Number);
  const file = new URL("../fixtures/kill_tree_refused.ts", import.meta.url).pathname;
  const through = [HELPER, "as", "65534"];
  const command = runtimeCommand(file, { through, args: [String(helper.child.pid)] });
  const killing = spawn(command[0], command.slice(1), {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  const lines = createInterface({ input: killing.stdout! })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value;
  assert.equal(await line(), String(other), "it has ended, and is not reaped");
  helper.send();
  assert.equal(await helper.line(), "reaped");
  assert.equal(await line(), String(refusing));
  helper.send();
  assert.equal(await helper.line(), "reaped");
  assert.deepEqual(JSON.parse((await line())!), [[other, "SIGTERM"], [refusing, 7]]);
  await once(killing, "exit");
  await helper.end();
});

test("killTree() refuses wrong arguments before any native call", async () => {
  for (const value of WRONG_TYPES) await assert.rejects(killTree(value as never), TypeError);
  for (const value of WRONG_NUMBERS) await assert.rejects(killTree(value), RangeError);
  await assert.rejects(killTree(process.pid, { killSignal: 0 }), RangeError);
  const helper = await paused();
  const pid = helper.child.pid!;
  for (const value of WRONG_NUMBERS) {
    if (value !== Infinity) await assert.rejects(killTree(pid, { graceMs: value }), RangeError);
    await assert.rejects(killTree(pid, { statusMs: value }), RangeError);
  }
  for (
    const name of [
      "freeze",
      "includeRoot",
      "includeSelf",
      "reapAdopted",
      "session",
      "group",
      "cgroup",
    ]
  ) {
    await assert.rejects(killTree(pid, { [name]: 1 }), {
      name: "TypeError",
      message: `Cannot end a tree: "${name}" must be true or false: 1`,
    });
  }
  await assert.rejects(killTree(pid, { onEnd: 1 as never }), TypeError);
  await assert.rejects(killTree(pid, { killSignal: "TREM" as never }), TypeError);
  await assert.rejects(killTree(pid, { signal: {} as never }), TypeError);
  await assert.rejects(killTree(pid, null as never), TypeError);
  assert.equal(runs(pid), true);
  await helper.kill();
  await assert.rejects(killTree(2 ** 31 - 1), { name: "PidfdOpenFailedError", code: "ESRCH" });
});

test("a program that ends while it stops a tree lets it go on", async () => {
  const { helper, root } = await grow("unstoppable", 4);
  const result = await runScript("exit_while_frozen.ts", { args: [String(root)] });
  assert.equal(result.code, 0, result.stderr);
  const children = readFileSync(`/proc/${root}/task/${root}/children`, "latin1");
  const pids = [root, ...children.trim().split(" ").map(Number)];
  assert.equal(pids.length, 3);
  for (const pid of pids) assert.doesNotMatch(statFields(pid)![0], /[TZX]/);
  await helper.end();
});

test("adoptOrphans() is in force until everybody who asked for it has disposed of it", async () => {
  const { stdout, stderr } = await runScript("adopt_twice.ts");
  assert.equal(stdout.trim(), "0111010", stderr);
});

test("a handle that was adopted after its process was reaped has no tree", async () => {
  const helper = new Helper("zombie", "0");
  const opened = Pidfd.open(Number(await helper.line()));
  helper.send();
  await helper.line();
  const adopted = Pidfd.fromFd(opened.detach());
  await assert.rejects(killTree(adopted), { name: "PidfdError", code: "ESRCH" });
  assert.throws(() => ProcessTree.of(adopted), { name: "PidfdError", code: "ESRCH" });
  adopted.close();
  await helper.end();
});
