import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { killTree, Pidfd, ProcessTree } from "../../mod.ts";
import {
  cgroupFolder,
  lacksCgroups,
  lacksFolders,
  lacksKill,
  makeCgroup,
  moveTo,
  removeCgroup,
} from "../support/cgroups.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";
import { childrenOf, needsRoot, runs, statFields } from "../support/trees.ts";

const skip = await lacksCgroups() || await lacksKill();
const skipFolders = needsRoot || await lacksFolders();

/**
 * A tree that has a cgroup of its own; the root's pid, and the helper's first process that is in
 * there too.
 */
async function grown(...shape: string[]) {
  // The bytes of this sign are no characters of their own in any encoding of one byte a letter.
  const name = `pidfd-kill-€-${process.pid}-${Math.trunc(performance.now())}`;
  const helper = new Helper("in-cgroup", name, HELPER, "tree", ...shape);
  const [root, other] = (await helper.line()).split(" ").map(Number);
  return { helper, root, other, folder: cgroupFolder(root) };
}

test(
  "what is forced in a cgroup of the tree's own ends with it, whoever is in it",
  { skip },
  async () => {
    for (const shape of [["daemon", "2"], ["fork-loop", "8"], ["wide", "300"]]) {
      const { helper, root, other, folder } = await grown(...shape);
      const handles = other ? [Pidfd.open(root), Pidfd.open(other)] : [Pidfd.open(root)];
      const { ended, escaped } = await killTree(root, { killSignal: "SIGKILL", cgroup: true });
      assert.deepEqual(escaped, []);
      assert.ok(ended.length >= Number(shape[1]) + 2, "and the two that it lives in");
      assert.ok(ended.some(({ forced }) => forced));
      for (const { status } of ended) {
        if (status.known && status.signal) {
          assert.equal(status.signal, "SIGKILL");
        }
      }
      for (const handle of handles) {
        assert.equal(handle.isAlive(), false);
        handle.close();
      }
      await helper.exit;
      assert.equal(existsSync(folder), false);
    }
  },
);

test(
  "one write ends it: no signal is sent, and nobody is stopped",
  { skip },
  async () => {
    const { helper, root, folder } = await grown("wide", "20", "ignore");
    const handle = Pidfd.open(root);
    const { stdout, stderr } = await runScript("kill_tree.ts", {
      through: [HELPER, "deny", "pidfd_send_signal", "1"],
      permissions: ["--allow-ffi"],
      args: [String(root), JSON.stringify({ killSignal: "SIGKILL", cgroup: true })],
    });
    const { ended, escaped } = JSON.parse(stdout || JSON.stringify(stderr));
    assert.deepEqual(escaped, []);
    assert.equal(ended, 22);
    assert.equal(handle.isAlive(), false);
    handle.close();
    await helper.exit;
    assert.equal(existsSync(folder), false);
  },
);

test("a cgroup that holds others below it, or somebody who is spared, is ended one by one", {
  skip,
}, async () => {
  const { helper, root, folder } = await grown("wide", "5", "ignore");
  const below = `${folder}/below`;
  mkdirSync(below);
  const outsider = await paused();
  writeFileSync(`${below}/cgroup.procs`, String(outsider.child.pid));
  const { escaped } = await killTree(root, { killSignal: "SIGKILL", cgroup: true });
  assert.deepEqual(escaped, []);
  assert.deepEqual(await outsider.exit, [null, "SIGKILL"], "it is in the tree's cgroup too");
  for (let tries = 0; tries < 1000 && existsSync(below); tries++) {
    try {
      rmdirSync(below);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  await helper.exit;
});

test("the root is spared where that is asked for, though it is in the cgroup", {
  skip,
}, async () => {
  const name = `pidfd-spare-${process.pid}`;
  const helper = new Helper("in-cgroup", name, HELPER, "crowd", "3");
  const pids = [await helper.line(), await helper.line(), await helper.line()].map(Number);
  const handle = Pidfd.open(Number(statFields(pids[0])![1]));
  const options = { killSignal: "SIGKILL", cgroup: true, includeRoot: false } as const;
  const { ended, escaped } = await killTree(handle, options);
  assert.deepEqual(ended.map(({ pid }) => pid).sort(), pids.sort());
  assert.deepEqual(escaped, []);
  assert.equal(handle.isAlive(), true);
  handle.close();
  await helper.end();
});

/**
 * What a caller in another cgroup namespace does to a tree and to a stranger, who are in these
 * cgroups.
 */
async function killFromNamespace(...folders: [root: string, stranger: string, ...string[]]) {
  const through = [HELPER, "in-own-proc", ""];
  const { stdout, stderr } = await runScript("kill_seen_from_below.ts", { through, args: folders });
  return JSON.parse(stdout || JSON.stringify(stderr));
}

test("a cgroup above the caller's namespace holds the caller too, and nobody in it is ended", {
  skip: skipFolders,
}, async () => {
  const [top, other] = [makeCgroup(), makeCgroup()];
  const folders = ["", "/a", "/a/b"].map((end) => top + end);
  folders.slice(1).forEach((folder) => mkdirSync(folder));
  try {
    for (const rootFolder of folders.slice(0, 2)) {
      const path = rootFolder === top ? "/../.." : "/..";
      assert.deepEqual(await killFromNamespace(rootFolder, other, folders[2], folders[2]), {
        result:
          `Cannot end a tree: the root has no cgroup of its own, it holds this process too: "${path}"`,
        isRootAlive: true,
        isStrangerAlive: true,
      });
    }
  } finally {
    for (const folder of [...folders.reverse(), other]) await removeCgroup(folder);
  }
});

test("a cgroup that the caller has left, with its namespace, is the tree's own", {
  skip: skipFolders,
}, async () => {
  const [own, caller] = [makeCgroup(), makeCgroup()];
  // A name that begins as a step up does is none.
  const below = `${own}/..b`;
  mkdirSync(below);
  try {
    const results = [
      await killFromNamespace(own, caller, own, caller),
      await killFromNamespace(below, own, own, caller),
      await killFromNamespace(own, caller, caller, caller),
    ];
    const hit = { result: { ended: 1, escaped: [], hidden: 0 }, isRootAlive: false };
    assert.deepEqual(results, Array(3).fill({ ...hit, isStrangerAlive: true }));
  } finally {
    for (const folder of [below, own, caller]) await removeCgroup(folder);
  }
});

test("a cgroup that was removed, and made anew by its path, is the tree's no longer", {
  skip: skipFolders,
}, async () => {
  const GET_INFO = String(0xC058FF0B);
  // The second stands for Linux before 6.13, where cgroups have no ids.
  for (const through of [[], [HELPER, "deny-ioctl", GET_INFO, "25"]]) {
    const folder = makeCgroup();
    try {
      const { stdout, stderr } = await runScript("cgroup_anew.ts", { through, args: [folder] });
      assert.deepEqual(JSON.parse(stdout || JSON.stringify(stderr)), {
        foundWhileItStands: ["cgroup", "cgroup"],
        foundAnew: [],
        ended: 0,
        areStrangersAlive: [true, true],
      });
    } finally {
      await removeCgroup(folder);
    }
  }
});

test("the mark of a removed cgroup is no name of another one", { skip: skipFolders }, async () => {
  const name = `pidfd-zombie-${process.pid}`;
  const helper = new Helper("in-cgroup", name, HELPER, "zombie", "3");
  const pid = Number(await helper.line());
  const path = readFileSync(`/proc/${pid}/cgroup`, "utf8").match(/^0::(.*)$/m)![1];
  const folder = cgroupFolder(pid);
  const top = folder.slice(0, -path.length);
  const namesake = `${folder} (deleted)`;
  const stranger = await paused();
  mkdirSync(namesake);
  try {
    moveTo(namesake, stranger.child.pid!);
    // Only the zombie, who holds no cgroup, is left in there.
    moveTo(top, Number(statFields(pid)![1]));
    await removeCgroup(folder);
    const options = { killSignal: "SIGKILL", cgroup: true } as const;
    assert.deepEqual((await killTree(pid, options)).ended, []);
    assert.equal(runs(stranger.child.pid!), true);
  } finally {
    await stranger.kill();
    await removeCgroup(namesake);
    await helper.end();
  }
});

test("one whose first thread has ended, whom the write does not reach, is ended too", {
  skip,
}, async () => {
  const name = `pidfd-leader-${process.pid}`;
  const helper = new Helper("in-cgroup", name, HELPER, "leader-ends", "7");
  assert.equal(await helper.line(), "ready");
  const [pid] = childrenOf(helper.child.pid!);
  const handle = Pidfd.open(pid);
  const signal = AbortSignal.timeout(30_000);
  try {
    const { ended, escaped } = await killTree(pid, { killSignal: "SIGKILL", cgroup: true, signal });
    assert.deepEqual(ended.map((end) => [end.pid, end.forced]), [[pid, true]]);
    assert.deepEqual(escaped, []);
  } finally {
    handle.signal("SIGKILL");
    handle.close();
    await helper.exit;
  }
});

test("the first of a pid namespace, whom the write does not reach, refuses who has entered it", {
  skip: skip || skipFolders,
}, async () => {
  const name = `pidfd-first-${process.pid}`;
  const helper = new Helper("in-cgroup", name, HELPER, "in-own-proc", "", HELPER, "pause");
  assert.equal(await helper.line(), "ready");
  const [outside] = childrenOf(helper.child.pid!);
  const [first] = childrenOf(outside);
  const handle = Pidfd.open(first);
  try {
    // From inside of that namespace the list of a cgroup that holds it too would show a 0.
    moveTo(`${cgroupFolder(first)}/..`, outside);
    const { stdout, stderr } = await runScript("kill_tree.ts", {
      through: [HELPER, "enter", String(first)],
      args: ["1", JSON.stringify({ killSignal: "SIGKILL", cgroup: true })],
    });
    const { ended, escaped } = JSON.parse(stdout || JSON.stringify(stderr));
    assert.equal(ended, 0);
    const [{ pid, reason, error }] = escaped;
    assert.deepEqual([pid, reason, error.code], [1, "refused", "EPERM"]);
  } finally {
    handle.signal("SIGKILL");
    handle.close();
    await helper.exit;
  }
});

test("no descriptor is left of a look at cgroups for which there are too few", {
  skip: skipFolders,
}, async () => {
  const folder = makeCgroup();
  try {
    const through = ["prlimit", "--nofile=128"];
    const { stdout, stderr } = await runScript("cgroup_emfile.ts", { through, args: [folder] });
    const result = JSON.parse(stdout || JSON.stringify(stderr));
    assert.deepEqual(result, { said: ["EMFILE", "done"], left: 0 });
  } finally {
    await removeCgroup(folder);
  }
});

test("the handle of a process that was reaped gives an empty report with a cgroup too", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  await helper.kill();
  const { ended, escaped } = await killTree(handle, { cgroup: true });
  assert.deepEqual([ended, escaped], [[], []]);
  const tree = ProcessTree.of(handle, { cgroup: true });
  assert.equal(tree.size, 1);
  assert.equal(tree.root.handle.state(), "reaped");
  tree.close();
  handle.close();
});
