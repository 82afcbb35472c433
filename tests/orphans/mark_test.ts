import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { findOrphans, killTree, Pidfd } from "../../mod.ts";
import { countPidfds } from "../support/descriptors.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";
import { needsRoot } from "../support/trees.ts";

/** A mark that nobody else has. */
function newMark(): Record<string, string> {
  return { PIDFD_TEST_MARK: `${process.pid}-${performance.now()}` };
}

/** A process with this environment, that stays; its first line has come. */
async function start(
  env: Record<string, string>,
  ...args: string[]
): Promise<[ChildProcess, string]> {
  const child = spawn(HELPER, args, { env, stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(child.stdout!, "data");
  return [child, String(line)];
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.stdin!.end();
  child.kill("SIGKILL");
  await exit;
}

/** Pid and relation of each, with nothing left open. */
function found(mark: Parameters<typeof findOrphans>[0]): [number, string][] {
  const before = countPidfds();
  const orphans = findOrphans(mark);
  const all = [...orphans].map((
    { process: { pid }, relation },
  ): [number, string] => [pid, relation]);
  orphans.close();
  assert.equal(countPidfds(), before);
  return all;
}

test("findOrphans() finds daemons by their environment, and killTree() ends them", async () => {
  const environment = newMark();
  const [child, line] = await start({ ...environment, OTHER: "x" }, "tree", "daemon", "2");
  const [, daemon] = line.split(" ").map(Number);
  const orphans = findOrphans({ environment });
  const relations = [...orphans].map(({ relation }) => relation);
  assert.ok(relations.every((relation) => relation === "environment"), `${relations}`);
  const member = [...orphans].find(({ process: { pid } }) => pid === daemon)!;
  const { ended } = await killTree(member.handle);
  assert.deepEqual(ended.map(({ pid }) => pid), [daemon]);
  orphans.close();
  const exit = once(child, "exit");
  child.stdin!.end();
  await exit;
  assert.deepEqual(found({ environment }), []);
});

test("a mark is compared whole, and every variable of it", async () => {
  const environment = newMark();
  const [name, value] = Object.entries(environment)[0];
  const [child] = await start({ A: `${name}=${value}`, ...environment, B: "" }, "pause");
  const { pid } = child;
  assert.deepEqual(found({ environment }), [[pid, "environment"]]);
  assert.deepEqual(found({ environment: { ...environment, B: "" } }), [[pid, "environment"]]);
  for (
    const other of [
      { [name]: `${value}0` },
      { [name]: value.slice(0, -1) },
      { [`X${name}`]: value },
      { ...environment, B: "1" },
      { ...environment, C: "" },
    ]
  ) assert.deepEqual(found({ environment: other }), [], JSON.stringify(other));
  await end(child);
});

test("a large environment is read to its end", async () => {
  const environment = newMark();
  const filler = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`FILL_${index}`, "x".repeat(50_000 + index)]),
  );
  const [child] = await start({ ...filler, ...environment }, "pause");
  assert.deepEqual(found({ environment }), [[child.pid, "environment"]]);
  assert.deepEqual(found({ environment: { ...environment, FILL_3: "x".repeat(50) } }), []);
  await end(child);
});

test("a process whose first thread has ended is found by its environment", async () => {
  const environment = newMark();
  const [child] = await start(environment, "leader-ends", "7");
  while (!/^State:\tZ/m.test(readFileSync(`/proc/${child.pid}/status`, "utf8")));
  assert.deepEqual(found({ environment }), [[child.pid, "environment"]]);
  const exit = once(child, "exit");
  child.stdin!.end("\n");
  await exit;
});

test("neither zombies nor this process are found by a mark", async () => {
  const environment = newMark();
  const child = spawn(HELPER, ["zombie", "0"], {
    env: environment,
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout!, "data");
  assert.deepEqual(found({ environment }), [[child.pid, "environment"]]);
  await end(child);
  const args = [JSON.stringify({ environment })];
  const { stdout, stderr } = await runScript("marked.ts", { env: environment, args });
  assert.deepEqual(JSON.parse(stdout || JSON.stringify(stderr))[0].found, []);
});

test("findOrphans() finds who is in a cgroup, or in one below it", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const { cgroupPath } = handle.info();
  handle.close();
  if (!cgroupPath || cgroupPath === "/") assert.throws(() => findOrphans({ cgroup: "/" }));
  else {
    const has = (cgroup: string) => found({ cgroup }).some(([pid]) => pid === helper.child.pid);
    assert.equal(has(cgroupPath), true);
    assert.equal(has(`${cgroupPath}/`), true);
    assert.equal(has(`/${cgroupPath.split("/")[1]}`), true);
    assert.equal(has(`${cgroupPath}0`), false);
    assert.equal(has(`${cgroupPath}/below`), false);
  }
  await helper.kill();
});

test("findOrphans() finds who is in a new cgroup", { skip: needsRoot }, async (context) => {
  const name = `pidfd-mark-${process.pid}`;
  const helper = new Helper("in-cgroup", name, HELPER, "pause");
  const line = await helper.line().catch(() => null);
  if (line === null) return context.skip("there can be no cgroup here");
  const [[pid, relation], ...others] = found({ cgroup: `/${name}` });
  assert.deepEqual([relation, others], ["cgroup", []]);
  const handle = Pidfd.open(pid);
  assert.equal(handle.info().cgroupPath, `/${name}`);
  handle.signal("SIGKILL");
  handle.close();
  await helper.exit;
});

test("who may not be read is counted, not found", { skip: needsRoot }, async () => {
  const environment = newMark();
  const [child] = await start(environment, "pause");
  const through = [HELPER, "as", "65534"];
  const args = [JSON.stringify({ environment })];
  const { stdout, stderr } = await runScript("marked.ts", { through, args });
  const [{ found, unreadable }] = JSON.parse(stdout || JSON.stringify(stderr));
  assert.deepEqual(found, []);
  assert.ok(unreadable >= 1, `${unreadable}`);
  await end(child);
});

test("a mark is read with no permission but --allow-ffi", async () => {
  const environment = newMark();
  const [child] = await start(environment, "pause");
  const args = [JSON.stringify({ environment })];
  const { stdout, stderr } = await runScript("marked.ts", { permissions: ["--allow-ffi"], args });
  const [answer] = JSON.parse(stdout || JSON.stringify(stderr));
  assert.deepEqual(answer.found, [[child.pid, "environment"]]);
  await end(child);
});

test("findOrphans() refuses what is no mark", () => {
  const wrong: unknown[] = [
    {},
    { env: { A: "1" } },
    { environment: {} },
    { environment: null },
    { environment: 7 },
    { environment: { A: 7 } },
    { environment: { A: undefined } },
    { environment: { "": "x" } },
    { environment: { "A=B": "x" } },
    { environment: { A: "x\0y" } },
    { environment: { A: "\ud800" } },
    { cgroup: "" },
    { cgroup: "/" },
    { cgroup: "a" },
    { cgroup: "//a" },
    { cgroup: "/a\n" },
    { cgroup: 7 },
    { cgroup: null },
  ];
  for (const mark of wrong) {
    assert.throws(() => findOrphans(mark as never), {
      name: "TypeError",
      message: /^Cannot find orphans: /,
    });
  }
  const environment = { A: "x".repeat(4096) };
  assert.throws(() => findOrphans({ environment }), { name: "RangeError" });
});
