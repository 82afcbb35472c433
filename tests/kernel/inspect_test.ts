import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { inspect } from "node:util";
import { Child, findOrphans, lockFile, Orphans, Pidfd, ProcessTree, spawn } from "../../mod.ts";
import { grow } from "../support/trees.ts";

/** What `console.log` shows; Deno's own inspection takes another way than its `node:util`. */
function shown(value: unknown): string[] {
  const { Deno } = globalThis as { Deno?: { inspect(value: unknown): string } };
  return [inspect(value), ...(Deno ? [Deno.inspect(value)] : [])];
}

function assertShown(value: unknown, expected: string): void {
  for (const text of shown(value)) assert.equal(text, expected);
}

test("JSON.stringify() takes what info() tells", () => {
  const handle = Pidfd.self();
  const info = handle.info({ commandLine: true, usage: true });
  const { startTime, ...rest } = JSON.parse(JSON.stringify(info));
  assert.deepEqual({ ...rest, startTime: new Date(startTime) }, info);
  handle.close();
});

test("a tree, its members and orphans show what they are, open and closed", async () => {
  const { helper, root } = await grow("deep", 2);
  const tree = ProcessTree.of(root);
  assertShown(tree, `ProcessTree { root: ${root}, size: 2, settled: true }`);
  const [first, second] = tree;
  assertShown(first, `TreeMember { pid: ${root}, name: "helper", depth: 0, relation: "root" }`);
  assert.deepEqual(JSON.parse(JSON.stringify([...tree])), [
    { pid: root, name: "helper", depth: 0, parent: null, relation: "root" },
    { pid: second.pid, name: "helper", depth: 1, parent: root, relation: "parent" },
  ]);
  tree.close();
  assertShown(tree, `ProcessTree { root: ${root}, size: 2, closed: true }`);
  const orphans = findOrphans(() => false);
  assertShown(orphans, `Orphans { size: 0, hidden: ${orphans.hidden} }`);
  orphans.close();
  assertShown(orphans, `Orphans { size: 0, hidden: ${orphans.hidden}, closed: true }`);
  for (const prototype of [ProcessTree.prototype, Orphans.prototype]) shown(prototype);
  await helper.end();
});

test("a child and a lock show what they are", async () => {
  const child = spawn("cat", [], { stdin: "pipe", lifetime: "parent" });
  child.unref();
  const { pid } = child;
  assertShown(child, `Child { pid: ${pid}, ended: false }`);
  child.ref().kill();
  await child.status;
  assertShown(child, `Child { pid: ${pid}, ended: true }`);
  shown(Child.prototype);
  const path = `${tmpdir()}/pidfd-inspect-${process.pid}.lock`;
  const lock = await lockFile(path);
  assertShown(lock, `FileLock { path: "${path}", isHeld: true }`);
  lock.release();
  assertShown(lock, `FileLock { path: "${path}", isHeld: false }`);
  rmSync(path);
});

test("two handles, trees or lists of orphans are not deeply equal", () => {
  const make = [
    () => Pidfd.self(),
    () => ProcessTree.of(process.pid),
    () => findOrphans(() => false),
  ];
  for (const one of make) {
    const [a, b] = [one(), one()];
    assert.deepEqual(a, a);
    assert.notDeepEqual(a, b);
    assert.notDeepEqual({ a }, { a: b });
    assert.equal(JSON.stringify(Object.keys(a)).includes("serial"), false);
    a.close();
    b.close();
  }
});
