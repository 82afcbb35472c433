/** Starts a command so that nothing of it outlives this program, and waits until that is so. */
import {
  adoptOrphans,
  type Child,
  type Containment,
  type ContainmentKind,
  killTree,
  spawn,
} from "../mod.ts";
import { execContained } from "../src/spawn/exec.ts";
import { mayHaveChildren } from "../src/proc/job.ts";

/** What a command is started with. */
export interface ContainOptions {
  readonly timeoutMs: number;
  readonly containment: ContainmentKind;
  readonly env: Readonly<Record<string, string>>;
  readonly killSignal: number;
  readonly graceMs: number;
}

/** What holds it, for people. */
export const GUARANTEES: Readonly<Record<ContainmentKind, string>> = {
  guard: "contained by the guard",
  cgroup: "contained by the guard and a cgroup",
  pidns: "contained by the guard and a pid namespace",
};

/**
 * Whether this program has no children. A shell that became it may have left it some: they are not
 * the command's, and would be ended with it. Nothing survives pid 1 anyway.
 */
const isAlone = () => !mayHaveChildren(process.pid);

export const mayBecomeGuard = (): boolean => process.pid === 1 || isAlone();

/**
 * Has a guard take the place of this program, with its pid, signals and exit code. It only returns
 * by throwing.
 */
export function becomeGuard([command, ...args]: string[], options: ContainOptions): never {
  const { timeoutMs, containment, env, killSignal, graceMs } = options;
  const limit = timeoutMs > 0 ? { timeoutMs } : {};
  execContained(command, args, { containment, env, killSignal, graceMs, ...limit });
}

/** How long SIGKILL has to end them. */
const KILL_MS = 5000;
const LONGEST_MS = 2 ** 31 - 1;

/** So often what a guard held is ended, each time with the grace. */
const MOST_TURNS = 5;

/** A command, and the guard that holds it. */
export class Contained {
  readonly child: Child;
  readonly #options: Omit<ContainOptions, "timeoutMs">;
  readonly #isAlone = isAlone();

  /** Starts it; where there can be no guard, that throws, and nothing runs. */
  constructor([command, ...args]: string[], options: ContainOptions) {
    const { containment, env, killSignal, graceMs } = options;
    this.#options = { containment, env, killSignal, graceMs };
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
    let [asked, killed, settled] = [0, 0, false];
    // Orphans become our children, so that nothing is left where nothing is found.
    for (let turn = 0; turn < MOST_TURNS && !settled; turn++) {
      const report = await killTree(process.pid, { includeRoot: false, killSignal, graceMs });
      const { ended, escaped } = report;
      asked += ended.length;
      killed += ended.filter(({ forced }) => forced).length;
      settled = escaped.length === 0 && (report.settled || ended.length === 0);
    }
    return { asked, killed, settled };
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
