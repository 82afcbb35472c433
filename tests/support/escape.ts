/** Trees that try to escape, and who of them is left: every process of one carries a mark. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { killTree, type KillTreeOptions, Pidfd, type TreeReport } from "../../mod.ts";
import { allPids } from "./proc.ts";
import { HELPER } from "./processes.ts";

/** The command of a tree, which prints "ready" when this many processes were forked. */
export type EscapeCommand = (ready: number) => string[];

/** A tree that zig/helper/escape.zig makes. */
export function escaping(
  shape: string,
  count: number,
  behaviours: string[] = [],
  delayUs: number = 0,
): EscapeCommand {
  // Some shapes have no more than 9 processes until they are ended.
  const isLarge = shape === "chain" || shape === "bomb";
  return (ready) => {
    const numbers = [count, isLarge ? ready : 1 + ready % 9, delayUs].map(String);
    return [HELPER, "escape", shape, ...numbers, ...behaviours];
  };
}

/** A shell that starts one process after the other, as scripts do, but not without end. */
export function shellLoop(ready: number): string[] {
  const loop = `sleep 100 & sleep 0.01; n=$((n+1)); [ $n -ne ${ready % 10 + 1} ] || echo ready`;
  return ["sh", "-c", `n=0; while [ $n -lt 1000 ]; do ${loop}; done`];
}

/** What is left of a tree after it was ended, and what was reported of it. */
export interface Escape {
  report: TreeReport;
  left: number[];
}

/**
 * Starts a tree, ends it while it grows, and looks for who is left, but not among the others, whose
 * pids are known; ends whoever is left.
 */
export async function tryToEscape(
  command: string[],
  options: KillTreeOptions,
  others: Set<number> = new Set(),
): Promise<Escape> {
  const tree = new MarkedTree(command, others);
  try {
    await tree.ready();
    const signal = AbortSignal.timeout(60_000);
    const report = await killTree(tree.pid, { ...options, signal });
    return { report, left: await tree.survivors() };
  } finally {
    await tree.sweep();
  }
}

/** A tree whose every process has a mark in its environment, and the same pipe as its output. */
class MarkedTree {
  readonly pid: number;
  readonly #mark = `PIDFD_PROOF=${randomUUID()}`;
  readonly #others: Set<number>;
  readonly #lines: AsyncIterator<string>;
  readonly #exit: Promise<unknown>;
  /** Whether the pipe has no writer any more, which is so once all have ended. */
  #isOver = false;

  constructor([program, ...args]: string[], others: Set<number>) {
    this.#others = others;
    const [name, value] = this.#mark.split("=");
    const env = { ...process.env, [name]: value };
    const root = spawn(program, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    this.pid = root.pid!;
    this.#exit = once(root, "exit");
    root.stdout.once("end", () => this.#isOver = true);
    this.#lines = createInterface({ input: root.stdout })[Symbol.asyncIterator]();
  }

  async ready(): Promise<void> {
    const { done } = await this.#lines.next();
    if (done) throw new Error("the tree ended before it was ready");
  }

  /**
   * Who still runs. A scan may miss a process that forks and exits; the pipe shows that it lives.
   */
  async survivors(): Promise<number[]> {
    for (const start = Date.now(); Date.now() - start < 60_000;) {
      const found = allPids().filter((pid) => !this.#others.has(pid) && this.#has(pid));
      if (found.length > 0 || this.#isOver) return found;
      await setTimeout(1);
    }
    throw new Error("somebody of the tree still runs, and can't be found");
  }

  /** A zombie has no environment any more; whoever's may not be read is another user's. */
  #has(pid: number): boolean {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${this.#mark}\0`);
    } catch {
      return false;
    }
  }

  /** Ends whoever still runs: the trees are bounded, so this comes to an end. */
  async sweep(): Promise<void> {
    for (const start = Date.now(); Date.now() - start < 60_000;) {
      const survivors = await this.survivors();
      if (survivors.length === 0) return void await this.#exit;
      for (const pid of survivors) this.#end(pid);
      await setTimeout(1);
    }
    throw new Error("the tree can't be ended");
  }

  #end(pid: number): void {
    let handle: Pidfd | undefined;
    try {
      handle = Pidfd.open(pid);
      // Read again with the handle open: the pid may have been reused.
      if (this.#has(pid)) handle.signal("SIGKILL");
    } catch (error) {
      if ((error as { code?: string }).code !== "ESRCH") throw error;
    } finally {
      handle?.close();
    }
  }
}
