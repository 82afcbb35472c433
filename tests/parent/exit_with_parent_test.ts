import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { adoptOrphans, exitWithParent, Pidfd } from "../../mod.ts";
import { WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { HELPER, paused, runScript, runtimeCommand } from "../support/processes.ts";
import { needsRoot } from "../support/trees.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/exit_with_parent.ts", import.meta.url));
const WORKER = new URL("../fixtures/exit_with_parent_worker.ts", import.meta.url);

/** A shell that is the parent of a program of this runtime. */
interface Family {
  parent: ChildProcess;
  child: Pidfd;
}

async function family(...args: string[]): Promise<Family> {
  const command = runtimeCommand(FIXTURE, { args });
  const parent = spawn("sh", ["-c", '"$@" & wait', "sh", ...command], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  const [line] = await once(createInterface({ input: parent.stdout! }), "line");
  return { parent, child: Pidfd.open(Number(line)) };
}

/**
 * Kills the parent; answers when the child ended, in milliseconds since. The child becomes ours.
 */
async function killParent({ parent, child }: Family): Promise<number> {
  const exit = once(parent, "exit");
  const start = performance.now();
  parent.kill("SIGKILL");
  await child.wait({ timeoutMs: 20_000 });
  const tookMs = performance.now() - start;
  await exit;
  return tookMs;
}

test("exitWithParent() exits at once after the parent's SIGKILL", async () => {
  const adopting = adoptOrphans();
  const times: number[] = [];
  const families = await Promise.all([1, 2, 3, 4].map(() => family("follow", "7")));
  for (const one of families) {
    times.push(await killParent(one));
    assert.equal(one.child.reap()?.code, 7);
    one.child.close();
  }
  adopting[Symbol.dispose]();
  // Within 50 ms, on a machine that does nothing else: proofs/orphans/exits.ts shows it.
  assert.ok(Math.min(...times) < 500, `${times}`);
});

test("exitWithParent() exits at once if the parent has ended before the call", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const identity = String(handle.identity());
  const args = ["follow", "9", identity];
  const alive = await family(...args);
  handle.close();
  await helper.kill();
  await alive.child.wait({ timeoutMs: 20_000 });
  alive.child.close();
  const { code, stdout } = await runScript("exit_with_parent.ts", { args });
  assert.deepEqual([code, stdout], [9, ""]);
});

test("exitWithParent() exits although a listener of exit throws", async () => {
  const adopting = adoptOrphans();
  const one = await family("throws", "7");
  await killParent(one);
  assert.equal(one.child.reap()?.code, 7);
  one.child.close();
  adopting[Symbol.dispose]();
});

test("exitWithParent() calls the listeners of the program's exit first", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const identity = String(handle.identity());
  handle.close();
  await helper.kill();
  const args = ["listen", "9", identity];
  const { code, stdout } = await runScript("exit_with_parent.ts", { args });
  assert.deepEqual([code, stdout], [9, "exit 9\n"]);
});

test("a program that takes the dead parent's pid is not the parent", {
  skip: needsRoot,
}, async () => {
  const helper = await paused();
  const { pid } = helper.child;
  const handle = Pidfd.of(helper.child);
  const identity = String(handle.identity());
  handle.close();
  await helper.kill();
  const stranger = spawn(HELPER, ["occupy", `${pid}`], { stdio: ["pipe", "pipe", "inherit"] });
  await once(stranger.stdout, "data");
  const args = ["follow", "9", identity];
  const { code, stdout } = await runScript("exit_with_parent.ts", { args });
  assert.deepEqual([code, stdout], [9, ""]);
  stranger.stdin.end();
  await once(stranger, "exit");
});

test("exitWithParent() says so where the parent is outside of the pid namespace", {
  skip: needsRoot,
}, async () => {
  const through = [HELPER, "in-own-proc", ""];
  const { code, stdout, stderr } = await runScript("exit_with_parent.ts", {
    through,
    args: ["idle", "9"],
  });
  assert.deepEqual([code, stdout], [0, "EREMOTE\n"], stderr);
});

test("exitWithParent() does not keep the program alive", async () => {
  const { code, stdout } = await runScript("exit_with_parent.ts", { args: ["idle", "9"] });
  assert.equal(code, 0);
  assert.match(stdout, /^\d+\n$/);
});

test("exitWithParent() works with no permission but --allow-ffi", async () => {
  const permissions = ["--allow-ffi"];
  const { code, stderr } = await runScript("exit_with_parent.ts", {
    permissions,
    args: ["idle", "9"],
  });
  assert.equal(code, 0, stderr);
});

test("a program that no longer follows its parent survives it", async () => {
  const { parent, child } = await family("disposed", "7");
  const exit = once(parent, "exit");
  parent.kill("SIGKILL");
  await exit;
  await assert.rejects(child.wait({ timeoutMs: 200 }), { name: "TimeoutError" });
  assert.equal(child.isAlive(), true);
  child.signal("SIGKILL");
  await child.exited;
  child.close();
});

test("a Worker can't exit with the parent", async () => {
  const worker = new Worker(WORKER);
  const [answer] = await once(worker, "message");
  assert.match(answer, /^Error: Cannot exit with the parent: a Worker exits alone/);
  await worker.terminate();
});

test("exitWithParent() refuses wrong options", () => {
  for (const code of [...WRONG_NUMBERS, 256]) {
    assert.throws(() => exitWithParent({ code }), { name: "RangeError" });
  }
  for (const code of WRONG_TYPES.slice(1)) {
    assert.throws(() => exitWithParent({ code } as never), { name: "TypeError" });
  }
  for (const parent of [7, null, {}, "7", []]) {
    assert.throws(() => exitWithParent({ parent } as never), { name: "TypeError" });
  }
  for (const options of [null, 7, "x", { exitCode: 7 }]) {
    assert.throws(() => exitWithParent(options as never), { name: "TypeError" });
  }
});
