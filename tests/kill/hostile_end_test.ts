import assert from "node:assert/strict";
import { test } from "node:test";
import { killTree, type KillTreePromise, Pidfd, ProcessTree } from "../../mod.ts";
import { countPidfds } from "../support/descriptors.ts";
import { nameOf } from "../support/outcomes.ts";
import { grow, runs } from "../support/trees.ts";

const COUNT = 6;

/** Attacks a tree of six, then ends what is left of it, and sees that no handle is left open. */
async function hostile(attack: (root: number) => Promise<unknown>): Promise<void> {
  Pidfd.self().close();
  const before = countPidfds();
  const { helper, root } = await grow("wide", COUNT);
  try {
    await attack(root);
    if (runs(root)) await killTree(root, { killSignal: "SIGKILL" });
    assert.equal(runs(root), false);
  } finally {
    await helper.end();
  }
  assert.equal(countPidfds(), before);
}

test("killTree() whose onEnd throws each time rejects with the first, and leaves nothing", () =>
  hostile(async (root) => {
    let calls = 0;
    const onEnd = () => {
      throw new RangeError(`call ${++calls}`);
    };
    assert.equal(await killTree(root, { onEnd }).catch(nameOf), "RangeError: call 1");
  }));

test("terminate() whose onEnd closes the tree rejects with EBADF, and leaves nothing", () =>
  hostile(async (root) => {
    const tree = ProcessTree.of(root);
    const killing = tree.terminate({ onEnd: () => tree.close() });
    await assert.rejects(killing, { name: "PidfdError", code: "EBADF" });
    assert.ok(killing.report().ended.length > 0);
  }));

test("killTree() whose onEnd closes the given handle ends the whole tree", () =>
  hostile(async (root) => {
    const handle = Pidfd.open(root);
    const { ended } = await killTree(handle, { onEnd: () => handle.close() });
    assert.equal(ended.length, COUNT);
  }));

test("killTree() whose onEnd ends the same tree once more settles, and so does that", () =>
  hostile(async (root) => {
    const handle = Pidfd.open(root);
    const others: KillTreePromise[] = [];
    const onEnd = () => {
      if (others.length < 3) others.push(killTree(handle, { killSignal: "SIGKILL" }));
    };
    const { ended, escaped } = await killTree(handle, { onEnd });
    assert.deepEqual([ended.length, escaped], [COUNT, []]);
    assert.equal(others.length, 3);
    for (const { escaped } of await Promise.all(others)) assert.deepEqual(escaped, []);
    handle.close();
  }));
