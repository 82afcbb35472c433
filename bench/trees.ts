/**
 * Ending and listing the same trees, side by side in one run with the packages that people use.
 * Ended means that every process of the tree is gone, which most of the others do not wait for: the
 * clock stops when the last one is.
 */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { execa } from "execa";
import fkill from "fkill";
import pidtree from "pidtree";
import { killTree, Pidfd, processes, ProcessTree } from "../mod.ts";
import { HELPER } from "../tests/support/processes.ts";
import { grow } from "../tests/support/trees.ts";

const treeKill: (pid: number, signal: string, done: () => void) => void = createRequire(
  import.meta.url,
)("tree-kill");
const run = promisify(execFile);

const SIZES = process.argv.slice(2).map(Number);
if (SIZES.length === 0) SIZES.push(5, 50, 300, 1000);
const REPEATS = 3;

type Killer = (root: number) => Promise<unknown>;

const KILLERS: [string, Killer][] = [
  ["killTree", (root) => killTree(root)],
  ["killTree, freeze: false", (root) => killTree(root, { freeze: false })],
  ["killTree, SIGKILL", (root) => killTree(root, { killSignal: "SIGKILL" })],
  ["tree-kill", (root) => new Promise<void>((resolve) => treeKill(root, "SIGTERM", resolve))],
  ["pidtree and fkill", async (root) => await fkill(await pidtree(root, { root: true }))],
];

const LISTERS: [string, (root: number) => unknown][] = [
  ["ProcessTree.of", (root) => ProcessTree.of(root).close()],
  ["processes", () => processes()],
  ["pidtree", (root) => pidtree(root)],
  ["ps -e", () => run("ps", ["-e", "-o", "pid=,ppid="])],
];

function median(times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)].toFixed(1);
}

async function ending(size: number, kill: Killer): Promise<number> {
  const { helper, root } = await grow("binary", size);
  const time = await untilGone(root, kill);
  await helper.end();
  return time;
}

async function untilGone(root: number, kill: Killer): Promise<number> {
  const tree = ProcessTree.of(root);
  const gone = Promise.all([...tree].map(({ handle }) => handle.exited));
  const start = performance.now();
  await Promise.all([kill(root), gone]);
  const time = performance.now() - start;
  tree.close();
  return time;
}

/**
 * It ends the process group of a child that it has spawned itself, and whoever left that group
 * stays.
 */
async function endingByExeca(size: number): Promise<number> {
  const options = { killDescendants: true, reject: false, stdin: "pipe" } as const;
  const child = execa(HELPER, ["tree", "binary", String(size)], options);
  for await (const line of child) {
    return await untilGone(Number(line), async () => {
      child.kill("SIGKILL");
      await child;
    });
  }
  throw new Error("the helper ended");
}

async function listing(size: number, list: (root: number) => unknown): Promise<number> {
  const { helper, root } = await grow("binary", size);
  const start = performance.now();
  await list(root);
  const time = performance.now() - start;
  await helper.end();
  return time;
}

async function row(name: string, measure: (size: number) => Promise<number>): Promise<void> {
  const cells: string[] = [];
  for (const size of SIZES) {
    const times: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) times.push(await measure(size));
    cells.push(median(times).padStart(9));
  }
  console.log(`${name.padEnd(26)}${cells.join("")}`);
}

const { deno, bun, node } = process.versions as Record<string, string | undefined>;
const runtime = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
Pidfd.self().close();
console.log(`${runtime}, ms`.padEnd(26) + SIZES.map((size) => String(size).padStart(9)).join(""));
for (const [name, kill] of KILLERS) await row(`end: ${name}`, (size) => ending(size, kill));
await row("end: execa, its group", endingByExeca);
for (const [name, list] of LISTERS) await row(`list: ${name}`, (size) => listing(size, list));
