import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { killTree, type KillTreeOptions, ProcessTree } from "../../mod.ts";
import { childrenOf, runs, statFields } from "../support/trees.ts";
import { lacksStrace } from "../support/strace.ts";

/** A shell that runs a script which prints a line when all is there. */
async function shell(script: string): Promise<ChildProcess> {
  const child = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const _ of createInterface({ input: child.stdout! })) break;
  return child;
}

async function turns(isOver: () => boolean): Promise<void> {
  while (!isOver()) await new Promise((next) => setImmediate(next));
}

const WAYS: KillTreeOptions[] = [{ graceMs: 20 }, { killSignal: "SIGKILL" }];

test("a zombie that nobody reaps does not keep its tree from being ended", async () => {
  // It exits once its parent is another program, which does not know of it.
  const late = `sh -c 'until read c < /proc/$PPID/comm && [ "$c" = sleep ]; do :; done' &`;
  for (const options of WAYS) {
    const child = await shell(`${late} trap '' TERM; echo ready; exec sleep 100`);
    const isZombie = (pid: number) => statFields(pid)?.[0] === "Z";
    await turns(() => childrenOf(child.pid!).some(isZombie));
    const exit = once(child, "exit");
    const { ended, escaped } = await killTree(child.pid!, {
      ...options,
      signal: AbortSignal.timeout(20_000),
    });
    assert.deepEqual(ended.map(({ pid, forced }) => [pid, forced]), [[child.pid, true]]);
    assert.deepEqual(escaped, []);
    await exit;
  }
});

test("a traced member that waits for its tracer to end does not hold up the others", {
  skip: await lacksStrace(),
}, async () => {
  for (const options of WAYS) {
    const loop = "trap '' TERM; echo ready; while :; do sleep 0.01; done";
    const child = await shell(`strace -f -o /dev/null sh -c "${loop}"; :`);
    const exit = once(child, "exit");
    const { escaped } = await killTree(child.pid!, {
      ...options,
      signal: AbortSignal.timeout(20_000),
    });
    assert.deepEqual(escaped, []);
    await exit;
  }
});

test("who is forked in reaction to the signal is ended, or the report says so", async () => {
  // The one that forks again has lost its parent by then, and exits at once itself.
  const late = "(sleep 0.1; sleep 1.5 & ) &";
  const child = await shell(`
    sh -c 'trap "${late} exit" TERM; echo ready; while :; do sleep 0.01; done' &
    trap '' TERM; sleep 100 & wait; wait`);
  const tree = ProcessTree.of(child.pid!);
  const over = once(child.stdout!, "close");
  child.stdout!.resume();
  const { settled } = await killTree(child.pid!, { graceMs: 500 });
  assert.equal([...tree].some(({ pid, handle }) => handle.isAlive() && runs(pid)), false);
  tree.close();
  // Whoever is left holds the pipe, and ends by itself.
  const isLeft = !await Promise.race([
    over.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(resolve, 300, false)),
  ]);
  assert.ok(!(settled && isLeft), "it is settled, and somebody is left");
  await over;
});
