/** Trees that try to escape, and who of them is left: every process of one carries a mark. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { killTree, type KillTreeOptions, Pidfd, type TreeReport } from "../../mod.ts";
import { allPids } from "./proc.ts";
import { HELPER } from "./processes.ts";

/** The command of a tree, which prints "ready" when so many processes were born. */
export type EscapeCommand = (ready: number) => string[];

/** A tree that zig/helper_escape.zig makes. */
export function escaping(
  shape: string,
  count: number,
  behaviours: string[] = [],
  delayUs: number = 0,
): EscapeCommand {
  return (ready) => {
    const numbers = [count, Math.min(ready, count), delayUs].map(String);
    return [HELPER, "escape", shape, ...numbers, ...behaviours];
  };
}

/** A shell that goes on to start processes, as scripts do; it is bounded, as all of them are. */
export function shellLoop(ready: number): string[] {
  const loop = `sleep 100 & sleep 0.01; n=$((n+1)); [ $n -ne ${ready % 10 + 1} ] || echo ready`;
  return ["sh", "-c", `n=0; while [ $n -lt 1000 ]; do ${loop}; done`];
}

/** What is left of a tree after it was ended, and what was reported of it. */
export interface Escape {
  report: TreeReport & { settled?: boolean };
  left: number[];
}

/** Makes a tree, ends it while it grows, and looks for who is left; ends them too. */
export async function tryToEscape(
  command: string[],
  options: KillTreeOptions,
): Promise<Escape> {
  const mark = randomUUID();
  const root = startMarked(command, mark);
  const exit = once(root, "exit");
  try {
    await nextLine(root);
    const report = await killTree(root.pid!, options);
    return { report, left: marked(mark) };
  } finally {
    await sweep(mark);
    await exit;
  }
}

function startMarked([program, ...args]: string[], mark: string): ChildProcess {
  const env = { ...process.env, PIDFD_PROOF: mark };
  return spawn(program, args, { env, stdio: ["ignore", "pipe", "inherit"] });
}

/** The first line of its output, which is not read on: whoever is left would hold this program. */
async function nextLine({ stdout }: ChildProcess): Promise<void> {
  const lines = createInterface({ input: stdout! });
  const { done } = await lines[Symbol.asyncIterator]().next();
  lines.close();
  stdout!.destroy();
  if (done) throw new Error("the tree ended before it was ready");
}

/** The processes that carry a mark. One that forks may be passed by once, not twice. */
export function marked(mark: string): number[] {
  const found = allPids().filter((pid) => carries(pid, mark));
  return found.length > 0 ? found : allPids().filter((pid) => carries(pid, mark));
}

/** A zombie has no environment any more; one that may not be read is another user's. */
function carries(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`PIDFD_PROOF=${mark}\0`);
  } catch {
    return false;
  }
}

/** Ends all that carry a mark: they are bounded, so this comes to an end. */
export async function sweep(mark: string): Promise<void> {
  for (const start = Date.now(); Date.now() - start < 60_000;) {
    const left = marked(mark);
    if (left.length === 0) return;
    for (const pid of left) end(pid, mark);
    await setTimeout(1);
  }
  throw new Error("the tree can't be ended");
}

function end(pid: number, mark: string): void {
  let handle: Pidfd | undefined;
  try {
    handle = Pidfd.open(pid);
    // Looked at again with the handle open: the pid may be another process's since.
    if (carries(pid, mark)) handle.signal("SIGKILL");
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  } finally {
    handle?.close();
  }
}
