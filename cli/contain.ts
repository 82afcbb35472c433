/** Starts a command so that nothing of it outlives this program, and waits until that is so. */
import process from "node:process";
import { adoptOrphans, type Child, type Containment, killTree, spawn } from "../mod.ts";
import { execContained } from "../src/spawn/exec.ts";
import { mayHaveChildren } from "../src/proc/job.ts";

/** What a command is started with. */
export interface ContainOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly killSignal: number;
  readonly graceMs: number;
}

/** What holds it, for people. */
export const GUARANTEE = "contained by the guard";

/**
 * Has the guard take the place of this program, with its pid, signals and exit code: as the init of
 * a container, which nothing survives. It only returns by throwing.
 */
export function becomeGuard([command, ...args]: string[], options: ContainOptions): never {
  const { env, killSignal, graceMs } = options;
  execContained(command, args, { env, killSignal, graceMs });
}

/** How long SIGKILL has to end them. */
const KILL_MS = 5000;
const LONGEST_MS = 2 ** 31 - 1;

/** A command, and the guard that holds it. */
export class Contained {
  readonly child: Child;
  readonly #options: ContainOptions;
  /** A shell that became this program may have left it children: they are not the command's. */
  readonly #isAlone = !mayHaveChildren(process.pid);

  /** Starts it; where there can be no guard, that throws, and nothing runs. */
  constructor([command, ...args]: string[], { env, killSignal, graceMs }: ContainOptions) {
    this.#options = { env, killSignal, graceMs };
    // Orphans are the guard's, unless somebody kills it, or has entered a container where we are
    // pid 1.
    adoptOrphans({ reap: process.pid === 1 });
    this.child = spawn(command, args, { lifetime: "contained", ...this.#options });
  }

  /** The command has ended: waits until the rest has, or can't be ended. */
  async end(): Promise<Containment> {
    const { child } = this;
    const { graceMs } = this.#options;
    const contained = await within(Math.min(graceMs + KILL_MS, LONGEST_MS), child.contained);
    if (contained?.settled) return contained;
    if (contained) return this.#isAlone ? await this.#endAll() : contained;
    // The guard says when it can do no more, and goes on.
    return (await child.terminate({ killSignal: "SIGKILL", graceMs: 0 })).contained!;
  }

  /** Somebody has killed the guard: what it held is below this program. */
  async #endAll(): Promise<Containment> {
    const { killSignal, graceMs } = this.#options;
    const report = await killTree(process.pid, { includeRoot: false, killSignal, graceMs });
    const { ended, escaped, settled } = report;
    const killed = ended.filter(({ forced }) => forced).length;
    return { asked: ended.length, killed, settled: settled && escaped.length === 0 };
  }
}

/** Null where the time is up before. */
async function within<T>(timeoutMs: number, promise: Promise<T> | null): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), timeoutMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
