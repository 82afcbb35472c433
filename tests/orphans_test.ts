import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { test } from "node:test";
import {
  features,
  findOrphans,
  killTree,
  Orphans,
  Pidfd,
  type PidfdError,
  processes,
  type ProcessIdentity,
} from "../mod.ts";
import { pidfd } from "./support/cli.ts";
import { countPidfds } from "./support/descriptors.ts";
import { assertThrows } from "./support/errors.ts";
import { HELPER, Helper, paused, runScript } from "./support/processes.ts";
import { grow, needsRoot, runs } from "./support/trees.ts";

/** From Linux 7.0 on, the inode of a process that was reaped is not found; it is what the tests expect of this kernel. */
const keepsInodes = features().file_handles.available && parseInt(release()) < 7;

/** Before Linux 6.9 no identity has an inode. */
const { pidfs } = features();
const needsPidfs = pidfs.available ? false : pidfs.found;

/** A leader of a session or group, who it was, and the orphan that it will leave. */
interface Family {
  helper: Helper;
  identity: ProcessIdentity;
  leader: number;
  orphan: number;
}

async function family(kind: "session" | "group"): Promise<Family> {
  const helper = new Helper("orphans", kind);
  const [leader, orphan] = (await helper.line()).split(" ").map(Number);
  const handle = Pidfd.open(leader);
  const identity = handle.identity();
  handle.close();
  return { helper, identity, leader, orphan };
}

async function step({ helper }: Family): Promise<string> {
  helper.send();
  return await helper.line();
}

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

/** As {@linkcode found}, or the code of the error. */
function toldOf(parent: ProcessIdentity | string): [number, string][] | string {
  try {
    return found(parent);
  } catch (error) {
    return (error as PidfdError).code;
  }
}

test("findOrphans() finds who is in the session or group of a dead process", async () => {
  for (const kind of ["session", "group"] as const) {
    const tree = await family(kind);
    const { identity, orphan } = tree;
    assert.equal(await step(tree), "zombie");
    assert.deepEqual(found(identity), [[orphan, kind]]);
    assert.equal(await step(tree), "reaped");
    for (const reaped of [String(identity), JSON.parse(JSON.stringify(identity))]) {
      assert.deepEqual(toldOf(reaped), keepsInodes ? [[orphan, kind]] : "EOPNOTSUPP");
    }
    const boot = identity.boot!.replace(/^./, (digit) => digit === "0" ? "1" : "0");
    assert.deepEqual(found({ ...identity, boot }), [], "nobody outlives a boot");
    await tree.helper.end();
    assert.deepEqual(found(identity), [], "the orphan has ended too");
  }
});

test("findOrphans() finds nobody in the session of a stranger who has the number now", {
  skip: needsRoot,
}, async () => {
  for (const kind of ["session", "group"] as const) {
    const tree = await family(kind);
    // A handle that is still open keeps the memory of the dead, not its number.
    const handle = Pidfd.open(tree.leader);
    await step(tree);
    await step(tree);
    const second = Number(await step(tree));
    const all = findOrphans(({ processGroup }) => processGroup === tree.leader);
    assert.deepEqual([...all].map(({ process: { pid } }) => pid), [second], "it looks the same");
    all.close();
    assert.deepEqual(found(tree.identity), [], "the stranger is a zombie, and has the number");
    assert.equal(await step(tree), "reaped");
    assert.equal(toldOf(tree.identity), "EOPNOTSUPP", "nobody has the number");
    handle.close();
    await tree.helper.end();
    assert.deepEqual(found(tree.identity), []);
  }
});

test("an identity without a boot proves nothing of a process that was reaped", {
  skip: needsPidfs,
}, async () => {
  const tree = await family("session");
  const own = Pidfd.self();
  const { inode } = own.identity();
  own.close();
  const text = `${tree.leader}:${tree.identity.inode}`;
  await step(tree);
  assert.deepEqual(found(text), [[tree.orphan, "session"]], "the zombie has number and inode");
  await step(tree);
  assert.equal(toldOf(text), "EOPNOTSUPP");
  assert.equal(toldOf(`${tree.leader}:${inode}`), "EOPNOTSUPP", "it is that of one who runs");
  await tree.helper.end();
  assert.deepEqual(found(text), [], "that nobody is there needs no proof");
});

test("findOrphans() says so where the number counts in another pid namespace", () => {
  const handle = Pidfd.self();
  const { pid, boot } = handle.identity();
  handle.close();
  assertThrows(() => findOrphans({ pid, boot, startTicks: 1, pidNamespace: 1 }), {
    name: "PidfdError",
    code: "EOPNOTSUPP",
    pid,
  });
});

test("findOrphans() of a process that has not ended says so", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  assertThrows(() => findOrphans(handle.identity()), {
    name: "PidfdError",
    code: "EBUSY",
    pid: handle.pid,
  });
  handle.close();
  await helper.kill();
});

test("findOrphans() finds nobody of one that led nothing", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const identity = handle.identity();
  handle.close();
  await helper.kill();
  assert.deepEqual(found(identity), []);
});

test("without file handles findOrphans() tells of zombies only, and says so of others", async () => {
  const tree = await family("session");
  const through = [HELPER, "deny", "open_by_handle_at", "95"];
  const ask = async () => {
    const args = [String(tree.identity)];
    const { stdout, stderr } = await runScript("orphans.ts", { through, args });
    return JSON.parse(stdout || JSON.stringify(stderr));
  };
  assert.deepEqual(await ask(), ["EBUSY pidfd"]);
  await step(tree);
  assert.deepEqual(await ask(), [[[tree.orphan, "session"]]]);
  await step(tree);
  assert.deepEqual(await ask(), ["EOPNOTSUPP open_by_handle_at"]);
  await tree.helper.end();
});

test("findOrphans() works with no permission but --allow-ffi", async () => {
  const tree = await family("session");
  await step(tree);
  const { stdout, stderr } = await runScript("orphans.ts", {
    permissions: ["--allow-ffi"],
    args: [String(tree.identity)],
  });
  const answer = JSON.parse(stdout || JSON.stringify(stderr));
  assert.deepEqual(answer, [[[tree.orphan, "session"]]]);
  await tree.helper.end();
});

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

test("findOrphans() refuses what is neither an identity nor a function", () => {
  for (const value of [undefined, null, 7, 5n, true, {}, [], "", "7", Symbol.iterator]) {
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

test("pidfd orphans shows whom a dead process has left, and ends them", async () => {
  const tree = await family("session");
  const text = String(tree.identity);
  const early = await pidfd("orphans", text);
  assert.deepEqual([early.code, early.stdout], [3, ""]);
  assert.match(early.stderr, /: still running; use pidfd tree \d+$/m);
  await step(tree);
  const people = await pidfd("orphans", text);
  assert.deepEqual([people.code, people.stdout], [1, `${tree.orphan} helper [by its session]\n`]);
  const [record] = JSON.parse((await pidfd("orphans", "--json", text)).stdout);
  assert.deepEqual([record.pid, record.relation], [tree.orphan, "session"]);
  const stopped = await pidfd("orphans", "--stop", text);
  assert.equal(stopped.code, 0, stopped.stderr);
  assert.match(stopped.stdout, new RegExp(`^${tree.orphan}: .*\\n${tree.orphan}: 1 ended in `));
  assert.equal(runs(tree.orphan), false);
  await tree.helper.end();
  const none = await pidfd("orphans", text);
  assert.deepEqual([none.code, none.stdout], [0, ""]);
});

test("pidfd orphans --env shows who has a mark, and ends them", async () => {
  const [name, value] = ["PIDFD_TEST", `${process.pid}-${performance.now()}`];
  const env = { [name]: value, SECOND: "a=b" };
  const child = spawn(HELPER, ["pause"], { env, stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  await once(child.stdout, "data");
  const marks = ["--env", `${name}=${value}`, "--env", "SECOND=a=b"];
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
      [identity, identity],
      ["--grace", "5", identity],
      ["--stop", "--grace", "x", identity],
      ["--env", "A=1", identity],
      ["--env", "A"],
      ["--env", "=1"],
      ["--env"],
    ]
  ) {
    assert.equal((await pidfd("orphans", ...args)).code, 2, args.join(" "));
  }
});
