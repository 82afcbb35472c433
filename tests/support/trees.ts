/** Trees of processes that the helper makes; they end with it, whatever a test does to them. */
import { readdirSync, readFileSync } from "node:fs";
import { Helper } from "./processes.ts";

/** A tree that is complete, and the helper that it lives in. */
export interface Tree {
  helper: Helper;
  root: number;
  /** The outsider of those shapes that have one; else 0. */
  other: number;
}

/** Makes a tree, see zig/helper/tree.zig. */
export async function grow(shape: string, count: number, ...behaviours: string[]): Promise<Tree> {
  const helper = new Helper("tree", shape, String(count), ...behaviours);
  const [root, other = 0] = (await helper.line()).split(" ").map(Number);
  return { helper, root, other };
}

/**
 * The fields of /proc/PID/stat from the state on, as JavaScript reads them; null where there is no
 * such process. Also of "PID/task/TID".
 */
export function statFields(pid: number | string): string[] | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Whether it is there, and no zombie. */
export function runs(pid: number): boolean {
  const state = statFields(pid)?.[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

/** Why what needs root can't be tested; false where it can. */
export const needsRoot: string | false = process.getuid!() === 0 ? false : "needs root";

/** The children of a process's first thread. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
  return text.split(" ").filter(Boolean).map(Number);
}

/** The states of a process's threads, in the order of the alphabet. */
export function statesOfThreads(pid: number): string {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.map((tid) => statFields(`${pid}/task/${tid}`)![0]).sort().join("");
}
