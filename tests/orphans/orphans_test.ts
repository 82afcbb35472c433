import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { findOrphans, killTree, Orphans, Pidfd, processes } from "../../mod.ts";
import { pidfd } from "../support/cli.ts";
import { countPidfds } from "../support/descriptors.ts";
import { assertThrows } from "../support/errors.ts";
import { HELPER, Helper, marked, paused } from "../support/processes.ts";
import { grow } from "../support/trees.ts";

/** Pid and relation of each, with nothing left open. */
function found(parent: Parameters<typeof findOrphans>[0]): [number, string][] {
  const before = countPidfds();
  const orphans = findOrphans(parent);
  const all = [...orphans].map((
    { handle, process, relation },
  ): [number, string] => {
    assert.equal(handle.pid, process.pid);
    assert.equal(handle.isAlive(), true);
    return [process.pid, relation];
  });
  assert.equal(orphans.size, all.length);
  assert.equal(countPidfds(), before + all.length);
  orphans.close();
  assert.equal(countPidfds(), before);
  return all;
}

/** Whether a process, or the thread whose folder this is, has this entry in its environment. */
function isMarked(pid: number | string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
  } catch {
    return false;
  }
}

test("findOrphans() finds daemons by a predicate, and killTree() ends them", async () => {
  const mark = `PIDFD_TEST=${process.pid}-${performance.now()}`;
  const [name, value] = mark.split("=");
  const env = { ...process.env, [name]: value };
  const child = spawn(HELPER, ["tree", "daemon", "2"], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout!, "data");
  const [, daemon] = String(line).split(" ").map(Number);
  const orphans = findOrphans(({ pid, session }) => session !== child.pid && isMarked(pid, mark));
  const member = [...orphans].find(({ process: { pid } }) => pid === daemon)!;
  assert.equal(member.relation, "predicate");
  assert.equal(member.process.name, "helper");
  const { ended, escaped } = await killTree(member.handle);
  assert.deepEqual([ended.map(({ pid }) => pid), escaped], [[daemon], []]);
  orphans.close();
  child.stdin!.end();
  await once(child, "exit");
});

test("the predicate is asked again while the process is held, and what has changed is left out", async () => {
  const helper = await paused();
  let asked = 0;
  assert.deepEqual(found(({ pid }) => pid === helper.child.pid && asked++ < 1), []);
  assert.equal(asked, 2);
  await helper.kill();
});

test("whom the predicate has chosen is asked about once more, and then held", async () => {
  const helper = await paused();
  let asked = 0;
  const isMeant = ({ pid }: { pid: number }) => pid === helper.child.pid && ++asked > 0;
  assert.deepEqual(found(isMeant), [[helper.child.pid, "predicate"]]);
  assert.equal(asked, 2);
  const before = countPidfds();
  const failing = (process: { pid: number }) => {
    if (isMeant(process) && asked === 4) throw new Error("no");
    return process.pid === helper.child.pid;
  };
  assert.throws(() => findOrphans(failing), { message: "no" });
  assert.equal(countPidfds(), before, "what it held is let go");
  await helper.kill();
});

test("a process that ends between the looks is left out", async () => {
  const helper = await paused();
  const { pid } = helper.child;
  const handle = Pidfd.of(helper.child);
  let asked = 0;
  const isMeant = (process: { pid: number }) => {
    if (process.pid !== pid) return false;
    if (++asked === 2) {
      handle.signal("SIGKILL");
      handle.waitSync();
    }
    return true;
  };
  const orphans = findOrphans(isMeant);
  // It was there when it was read; its handle says what it is now.
  assert.ok([...orphans].every(({ handle }) => !handle.isAlive()));
  orphans.close();
  assert.deepEqual(found(isMeant), []);
  handle.close();
  await helper.exit;
});

test("a process that ends and is reaped while it is looked at again is left out", async () => {
  // Whoever ends in there is reaped at once.
  const { helper, root } = await grow("wide", 2);
  const [leaf] = processes().filter(({ ppid }) => ppid === root);
  const handle = Pidfd.open(leaf.pid);
  let asked = 0;
  const isMeant = ({ pid }: { pid: number }) => {
    if (pid !== leaf.pid) return false;
    if (++asked === 2) {
      handle.signal("SIGKILL");
      handle.waitSync();
      while (handle.state() !== "reaped");
    }
    return true;
  };
  assert.deepEqual(found(isMeant), []);
  assert.equal(asked, 2);
  handle.close();
  await helper.end();
});

test("one whose first thread has ended is found: it runs, although its state is that of a zombie", async () => {
  const helper = new Helper("leader-ends", "7");
  await helper.line();
  const { pid } = helper.child;
  const handle = Pidfd.of(helper.child);
  const { state, threads } = processes().find((entry) => entry.pid === pid)!;
  assert.deepEqual([state, threads, handle.isAlive()], ["Z", 2, true]);
  assert.deepEqual(found((entry) => entry.pid === pid), [[pid, "predicate"]]);
  const mark = `PATH=${process.env.PATH}`;
  assert.equal(isMarked(pid!, mark), false);
  const second = readdirSync(`/proc/${pid}/task`).find((tid) => tid !== String(pid));
  assert.equal(isMarked(`${pid}/task/${second}`, mark), true);
  handle.close();
  helper.send();
  assert.deepEqual(await helper.exit, [7, null]);
});

test("neither this process nor an ancestor nor a zombie is an orphan", async () => {
  const zombie = new Helper("zombie", "0");
  const pid = Number(await zombie.line());
  // Of all that run on this machine some end at any moment.
  const orphans = findOrphans(() => true);
  const all = [...orphans].map(({ process }) => process.pid);
  orphans.close();
  for (const spared of [process.pid, process.ppid, 1, pid]) assert.ok(!all.includes(spared));
  assert.ok(all.includes(zombie.child.pid!));
  await zombie.end();
});

test("a predicate must answer a boolean: a promise would mean every process", () => {
  const before = countPidfds();
  for (const answer of [Promise.resolve(false), 1, null, undefined, "no"]) {
    assert.throws(
      () => findOrphans((() => answer) as never),
      /^TypeError: Cannot find orphans: the predicate must answer a boolean: /,
    );
  }
  assert.equal(countPidfds(), before);
});

test("a predicate that throws leaves no handle", () => {
  const before = countPidfds();
  let asked = 0;
  const failing = () => {
    if (asked++ > 500) throw new Error("no");
    return true;
  };
  for (let round = 0; round < 20; round++) {
    try {
      findOrphans(failing).close();
    } catch (error) {
      assert.equal((error as Error).message, "no");
    }
  }
  assert.ok(asked > 500);
  assert.equal(countPidfds(), before);
});

test("findOrphans() refuses what is neither a mark nor a function, an identity too", () => {
  const handle = Pidfd.self();
  const identity = handle.identity();
  handle.close();
  const identities = [identity, String(identity), JSON.parse(JSON.stringify(identity))];
  for (
    const value of [undefined, null, 7, 5n, true, {}, [], "", "7", Symbol.iterator, ...identities]
  ) {
    assert.throws(() => findOrphans(value as never), {
      name: "TypeError",
      message: /^Cannot find orphans: /,
    });
  }
  assert.throws(() => new Orphans([], 0, undefined as never), TypeError);
});

test("a closed list refuses everything but to be closed again", () => {
  const orphans = findOrphans(() => false);
  assert.equal(orphans.closed, false);
  orphans[Symbol.dispose]();
  orphans.close();
  assert.equal(orphans.closed, true);
  assertThrows(() => orphans.size, { code: "EBADF" });
  assertThrows(() => [...orphans], { code: "EBADF" });
});

test("pidfd orphans --env shows who has a mark, and ends them", async () => {
  const { child, exit, variables } = await marked();
  const marks = variables.flatMap((variable) => ["--env", variable]);
  const people = await pidfd("orphans", ...marks);
  assert.match(people.stdout, new RegExp(`^${child.pid} helper \\[by its environment\\]\n`));
  assert.equal(people.code, 1, people.stderr);
  const other = await pidfd("orphans", ...marks, "--env", "THIRD=");
  assert.equal(other.code, 0, other.stdout);
  const stopped = await pidfd("orphans", "--stop", ...marks);
  assert.equal(stopped.code, 0, stopped.stderr);
  assert.deepEqual(await exit, [null, "SIGTERM"]);
});

test("pidfd orphans refuses wrong usage", async () => {
  const identity = "1:1@9c78a586-21d8-4e53-8f93-477fc0d47db0";
  for (
    const args of [
      [],
      ["1"],
      [identity],
      ["--grace", "5", "--env", "A=1"],
      ["--stop", "--grace", "x", "--env", "A=1"],
      ["--env", "A=1", identity],
      ["--env", "A"],
      ["--env", "=1"],
      ["--env"],
    ]
  ) {
    assert.equal((await pidfd("orphans", ...args)).code, 2, args.join(" "));
  }
});
