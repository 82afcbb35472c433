/** `pidfd run`, run by the runtime that runs the tests, and who is left of its command. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import {
  type Child,
  type ExitStatus,
  findOrphans,
  killTree,
  spawn,
  type SpawnOptions,
} from "../../mod.ts";
import { pidfdCommand } from "./cli.ts";
import { allPids } from "./proc.ts";

/** How it ended, by the kernel's own word, and what it printed. */
export interface RunResult {
  status: ExitStatus;
  stdout: string;
  stderr: string;
}

const ENV = { NO_COLOR: "1", NODE_NO_WARNINGS: "1" };

/** Runs it to its end. */
export function pidfdRun(...args: string[]): Promise<RunResult> {
  return outputOf(startRun(args));
}

/** Starts it, with its output piped; through another program, where one is given. */
export function startRun(
  args: string[],
  options: SpawnOptions = {},
  through: string[] = [],
): Child {
  const [program, ...rest] = [...through, ...pidfdCommand("run", ...args)];
  const streams = { stdin: "null", stdout: "pipe", stderr: "pipe" } as const;
  return spawn(program, rest, { ...streams, ...options, env: { ...ENV, ...options.env } });
}

/** What it prints until its end. */
export async function outputOf(child: Child): Promise<RunResult> {
  const { status, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { status, stdout: out, stderr: err };
}

/** Reads standard output until this text has come, so often. */
export async function heard(child: Child, text: string, times = 1): Promise<string> {
  let printed = "";
  for await (const bytes of child.stdout!.iterator({ destroyOnReturn: false })) {
    printed += bytes;
    if (printed.split(text).length > times) return printed;
  }
  throw new Error(`ended without ${JSON.stringify(text)}: ${printed}`);
}

/** A mark that no other process has. */
export function newMark(): string {
  return `PIDFD_TEST=${randomUUID()}`;
}

/** Those that have the mark in their environment: a zombie has none. */
export function marked(mark: string): number[] {
  return allPids().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
    } catch {
      return false;
    }
  });
}

/** Those that are left, when they have had so long to end as the kernel takes for SIGKILL. */
export async function survivors(mark: string): Promise<number[]> {
  let left = marked(mark);
  for (const end = Date.now() + 5000; left.length > 0 && Date.now() < end; left = marked(mark)) {
    await setTimeout(10);
  }
  return left;
}

/** Waits until so many have the mark. */
export async function untilMarked(mark: string, isSo: (count: number) => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!isSo(marked(mark).length)) {
    if (Date.now() > end) throw new Error(`${marked(mark).length} have the mark`);
    await setTimeout(10);
  }
}

/** Ends whoever is left, for a test that has failed. */
export async function sweep(mark: string): Promise<void> {
  const orphans = findOrphans({ environment: Object.fromEntries([mark.split("=")]) });
  await Promise.all([...orphans].map(({ handle }) => killTree(handle, { killSignal: "SIGKILL" })));
  orphans.close();
}
