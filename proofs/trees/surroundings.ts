/** What a tree is ended beside: processes that pause, and others that use a CPU. */
import { readFileSync } from "node:fs";
import { Helper } from "../../tests/support/processes.ts";
import { childrenOf } from "../../tests/support/trees.ts";

/** How many other processes there are. */
export interface Surroundings {
  name: string;
  idle: number;
  busy: number;
}

/** The processes around a tree, which must all be there still when it has ended. */
export class Bystanders {
  readonly pids: Set<number>;
  readonly #helper: Helper;

  private constructor(helper: Helper) {
    this.#helper = helper;
    this.pids = new Set(childrenOf(helper.child.pid!));
  }

  static async start({ idle, busy }: { idle: number; busy: number }): Promise<Bystanders> {
    const helper = new Helper("bystanders", String(idle), String(busy));
    await helper.line();
    return new Bystanders(helper);
  }

  /** How many have ended, which is nobody unless something signalled them. */
  async countLost(): Promise<number> {
    this.#helper.send();
    return this.pids.size - Number(await this.#helper.line());
  }

  async end(): Promise<void> {
    await this.#helper.end();
  }
}

/** How many processes more there may be, with room for those that others start meanwhile. */
export function room(): number {
  const tasks = Number(/\/(\d+) /.exec(readFileSync("/proc/loadavg", "latin1"))![1]);
  const limits = [Number(readFileSync("/proc/sys/kernel/pid_max", "latin1")), ...cgroupLimits()];
  const ours = /^Max processes +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
  // root is not limited by it.
  if (ours !== undefined && process.getuid!() !== 0) limits.push(Number(ours));
  return Math.min(...limits) - tasks - 2000;
}

/** pids.max of our cgroup and of those above it, in both hierarchies. */
function cgroupLimits(): number[] {
  const lines = readFileSync("/proc/self/cgroup", "latin1").trim().split("\n");
  return lines.flatMap((line) => {
    const [, controllers, path] = line.split(":");
    if (controllers !== "" && controllers !== "pids") return [];
    const parts = path.split("/").filter(Boolean);
    const paths = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
    const mounts = ["/sys/fs/cgroup", `/sys/fs/cgroup/${controllers || "unified"}`];
    return mounts.flatMap((mount) => paths.map((path) => limitOf(`${mount}/${path}`)));
  });
}

function limitOf(folder: string): number {
  try {
    return Number(readFileSync(`${folder}/pids.max`, "latin1").replace("max", "Infinity"));
  } catch {
    return Infinity;
  }
}
