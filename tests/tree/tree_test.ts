import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { features, killTree, Pidfd, processes, ProcessTree, type TreeMember } from "../../mod.ts";
import { lacksCgroups } from "../support/cgroups.ts";
import { countPidfds } from "../support/descriptors.ts";
import { assertThrows, WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { HELPER, Helper, paused } from "../support/processes.ts";
import { grow, statFields } from "../support/trees.ts";

function assertTrue(members: TreeMember[]): void {
  const seen = new Set<TreeMember>();
  for (const member of members) {
    const { parent, depth, pid, handle, name } = member;
    assert.equal(depth, parent ? parent.depth + 1 : 0);
    assert.ok(!parent || seen.has(parent), "parents come before their children");
    if (parent) assert.equal(Number(statFields(pid)![1]), parent.pid);
    assert.equal(handle.pid, pid);
    assert.equal(name, "helper");
    seen.add(member);
  }
}

test("ProcessTree.of() holds every descendant with its depth and parent", async () => {
  for (const [shape, count] of [["deep", 1], ["wide", 30], ["binary", 31], ["deep", 60]] as const) {
    const { helper, root } = await grow(shape, count);
    const before = countPidfds();
    const tree = ProcessTree.of(root);
    const members = [...tree];
    assert.equal(members.length, count);
    assert.equal(tree.size, count);
    assert.equal(tree.settled, true);
    assert.equal(tree.root, members[0]);
    assert.equal(tree.root.pid, root);
    assertTrue(members);
    const depths = { deep: count - 1, wide: 1, binary: 4 };
    assert.equal(Math.max(...members.map(({ depth }) => depth)), depths[shape]);
    assert.equal(countPidfds(), before + count);
    tree.close();
    assert.equal(countPidfds(), before);
    await helper.end();
  }
});

test("refresh() finds what has appeared since, and nothing twice", async () => {
  const { helper, root } = await grow("restart", 5);
  const tree = ProcessTree.of(root);
  assert.deepEqual(tree.refresh(), []);
  const [first] = [...tree].filter(({ depth }) => depth === 1);
  first.handle.signal("SIGKILL");
  await first.handle.exited;
  let found: TreeMember[] = [];
  while (found.length === 0) found = tree.refresh();
  assert.equal(found.length, 1);
  assert.equal(found[0].parent, tree.root);
  assert.equal(tree.size, 6);
  tree.close();
  await helper.end();
});

test("refresh() looks again as soon as somebody was born", async () => {
  const { helper, root } = await grow("restart", 5);
  const children = () => processes().filter(({ ppid }) => ppid === root).map(({ pid }) => pid);
  for (let round = 0; round < 10; round++) {
    const tree = ProcessTree.of(root);
    const before = children();
    const first = [...tree].find(({ depth }) => depth === 1)!;
    first.handle.signal("SIGKILL");
    first.handle.waitSync();
    let born: number[] = [];
    while (born.length === 0) born = children().filter((pid) => !before.includes(pid));
    // Mostly at once: then only the look at who was born last tells that there is somebody new.
    assert.deepEqual(tree.refresh().map(({ pid }) => pid), born);
    tree.close();
  }
  await helper.end();
});

test("signal() reaches every member that runs, and wait() tells how each ended", async () => {
  const { helper, root } = await grow("binary", 15);
  const tree = ProcessTree.of(root);
  assert.equal(tree.signal(0), 15);
  assert.equal(tree.signal("SIGUSR1"), 15);
  const statuses = await tree.wait();
  const told = features().PIDFD_INFO_EXIT.available ? "SIGUSR1" : null;
  assert.deepEqual(statuses.map(({ signal }) => signal), Array(15).fill(told));
  assert.equal(tree.signal("SIGKILL"), 0);
  tree.close();
  await helper.end();
});

test("terminate() ends the tree and leaves its handles open", async () => {
  const { helper, root } = await grow("wide", 8);
  const tree = ProcessTree.of(root);
  const { ended, escaped } = await tree.terminate();
  assert.equal(ended.length, 8);
  assert.deepEqual(escaped, []);
  assert.ok([...tree].every(({ handle }) => !handle.isAlive()));
  tree.close();
  await helper.end();
});

test("a given handle stays its owner's", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const tree = ProcessTree.of(handle);
  tree.close();
  assert.equal(handle.isAlive(), true);
  const second = ProcessTree.of(handle);
  handle.close();
  assert.equal(second.signal("SIGKILL"), 1);
  second.close();
  await helper.exit;
});

test("only the tree closes its members' handles", async () => {
  const { helper, root } = await grow("wide", 3);
  const before = countPidfds();
  const tree = ProcessTree.of(root);
  const handles = [...tree].map(({ handle }) => handle);
  for (const handle of handles) {
    const own = Pidfd.fromFd(handle.detach());
    assert.ok(own.fd !== handle.fd && own.isAlive());
    own.close();
    handle.close();
    assert.equal(handle.closed, false);
  }
  assert.equal(tree.signal(0), 3);
  const { ended, escaped } = await tree.terminate();
  assert.deepEqual([ended.length, escaped.length], [3, 0]);
  tree.close();
  assert.ok(handles.every(({ closed }) => closed));
  assertThrows(() => handles[0].detach(), { name: "PidfdError", code: "EBADF" });
  assert.equal(countPidfds(), before);
  await helper.end();
});

test("a root that has ended has no descendants any more", async () => {
  const child = spawn(HELPER, ["exit", "3"]);
  const handle = Pidfd.of(child);
  await once(child, "exit");
  const tree = ProcessTree.of(handle);
  assert.equal(tree.size, 1);
  assert.equal(tree.signal("SIGKILL"), 0);
  tree.close();
  handle.close();
});

test("those in a session of the tree belong to it although their parent has ended", async () => {
  const { helper, root, other } = await grow("double-fork", 2);
  const tree = ProcessTree.of(root);
  assert.deepEqual([...tree].map(({ pid, relation }) => [pid, relation]), [
    [root, "root"],
    [other, "session"],
  ]);
  tree.close();
  const withoutSession = ProcessTree.of(root, { session: false });
  assert.equal(withoutSession.size, 1);
  withoutSession.close();
  const withGroup = ProcessTree.of(root, { session: false, group: true });
  assert.deepEqual([...withGroup].map(({ relation }) => relation), ["root", "group"]);
  withGroup.close();
  await helper.end();
});

test("a process whose parent has ended, and that has left the session, can't be seen", async () => {
  const { helper, root, other } = await grow("daemon", 2);
  const tree = ProcessTree.of(root, { group: true });
  assert.ok([...tree].every(({ pid }) => pid !== other));
  tree.close();
  await helper.end();
});

test("a daemon that has left the session is found by the tree's own cgroup", {
  skip: await lacksCgroups(),
}, async () => {
  const name = `pidfd-test-${process.pid}`;
  const helper = new Helper("in-cgroup", name, HELPER, "tree", "daemon", "2");
  const [root, other] = (await helper.line()).split(" ").map(Number);
  const blind = ProcessTree.of(root);
  assert.ok([...blind].every(({ pid }) => pid !== other));
  blind.close();
  const tree = ProcessTree.of(root, { cgroup: true });
  const member = [...tree].find(({ pid }) => pid === other);
  assert.equal(member?.relation, "cgroup");
  const report = await killTree(root, { cgroup: true, graceMs: 50 });
  assert.ok(report.ended.some(({ pid }) => pid === other));
  assert.ok([...tree].every(({ handle }) => !handle.isAlive()));
  tree.close();
  await helper.exit;
});

test("a cgroup that holds this process too is not the tree's", async () => {
  const helper = await paused();
  assert.throws(
    () => ProcessTree.of(helper.child.pid!, { cgroup: true }),
    /^Error: Cannot hold a tree: the root has no cgroup of its own, /,
  );
  await helper.kill();
});

test("signal() spares this process and its ancestors unless it is told otherwise", async () => {
  const helper = new Helper("pause");
  await helper.line();
  const tree = ProcessTree.of(process.pid);
  const children = [...tree].filter(({ depth }) => depth === 1);
  assert.ok(children.some(({ pid }) => pid === helper.child.pid));
  assert.equal(tree.signal(0), tree.size - 1);
  assert.equal(tree.signal(0, { includeSelf: true }), tree.size);
  tree.close();
  await helper.kill();
});

test("ProcessTree.of() refuses what is neither a pid nor a handle, before any native call", () => {
  for (const value of [...WRONG_TYPES, {}]) {
    assert.throws(() => ProcessTree.of(value as never), TypeError);
  }
  const self = Pidfd.self();
  for (const value of [Pidfd.prototype, Object.create(Pidfd.prototype)]) {
    assert.throws(
      () => ProcessTree.of(value),
      /"root" must be a pid, a Pidfd or a child process: /,
    );
    assert.throws(() => self.equals(value), /"other" must be a Pidfd: /);
  }
  self.close();
  for (const value of [...WRONG_NUMBERS, 0]) assert.throws(() => ProcessTree.of(value), RangeError);
  assert.throws(() => ProcessTree.of(1, { session: 1 as never }), {
    name: "TypeError",
    message: 'Cannot hold a tree: "session" must be true or false: 1',
  });
  assert.throws(() => ProcessTree.of(1, null as never), TypeError);
  assertThrows(() => ProcessTree.of(2 ** 31 - 1), { name: "PidfdOpenFailedError", code: "ESRCH" });
});

test("signal() of a tree refuses a signal that is undefined, and sends SIGTERM if there is none", async () => {
  const helper = await paused();
  const tree = ProcessTree.of(helper.child);
  assert.throws(() => tree.signal(undefined as never), { name: "TypeError" });
  assert.equal(tree.root.handle.isAlive(), true);
  assert.equal(tree.signal(), 1);
  assert.deepEqual(await helper.exit, [null, "SIGTERM"]);
  tree.close();
});

test("a closed tree refuses everything but to be closed again", () => {
  const handle = Pidfd.self();
  const tree = ProcessTree.of(handle);
  tree.close();
  tree.close();
  assert.equal(tree.closed, true);
  for (
    const use of [
      () => tree.root,
      () => tree.size,
      () => tree.refresh(),
      () => tree.signal(0),
      () => [...tree],
    ]
  ) {
    assertThrows(use, { code: "EBADF" });
  }
  handle.close();
  assertThrows(() => ProcessTree.of(handle), { code: "EBADF" });
});

test("closing a tree that is being ended rejects, and leaves nobody stopped", async () => {
  // In the same turn, while it is waited until all of them stand still, and after that.
  for (const pauseMs of [0, 1, 5, 50]) {
    const { helper, root } = await grow("wide", 20, "ignore");
    const witness = ProcessTree.of(root);
    const tree = ProcessTree.of(root);
    const killing = tree.terminate({ freeze: true, graceMs: 60_000 });
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    tree.close();
    await assert.rejects(killing, { name: "PidfdError", code: "EBADF" });
    assert.ok([...witness].every(({ handle }) => handle.isAlive()));
    await untilNobodyIsStopped([...witness]);
    witness.signal("SIGKILL");
    await witness.wait();
    witness.close();
    await helper.end();
  }
});

/**
 * A signal that lets it go on was sent, and shows when it runs the next time; for at most 30
 * seconds.
 */
async function untilNobodyIsStopped(members: TreeMember[]): Promise<void> {
  const end = performance.now() + 30_000;
  while (members.some(({ pid }) => statFields(pid)?.[0] === "T")) {
    assert.ok(performance.now() < end, "somebody stays stopped");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
