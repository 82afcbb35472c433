/** The programs of examples/, run by the runtime that runs the tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { runtimeCommand } from "./processes.ts";

/** A program and its arguments. */
export type Command = [program: string, args: string[]];

/**
 * What runs a program of examples/ by the runtime that runs the tests, with the permissions that
 * its guide names.
 */
export function command(name: string, permissions: string[], ...args: string[]): Command {
  const file = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url));
  const options = { permissions: ["--allow-ffi", ...permissions], args };
  const [program, ...rest] = runtimeCommand(file, options);
  return [program, rest];
}

/** A program that stays, and its lines of output. */
export class Running {
  readonly child: ChildProcess;
  readonly end: Promise<unknown[]>;
  readonly #lines: AsyncIterator<string>;

  constructor([program, args]: Command, variables: Record<string, string> = {}) {
    const env = { ...process.env, NODE_NO_WARNINGS: "1", ...variables };
    this.child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], env });
    this.end = once(this.child, "exit");
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  /** The next line that it prints; null at the end. */
  async line(): Promise<string | null> {
    const { value, done } = await this.#lines.next();
    return done ? null : value;
  }

  /**
   * Asks it to end. Not by `child.kill()`: in Deno the child has then ended by that signal,
   * whatever it did.
   */
  ask(signal: NodeJS.Signals = "SIGTERM"): void {
    process.kill(this.child.pid!, signal);
  }
}

/** A folder for sockets and pid files, which is removed afterwards. */
export async function inFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/pidfd-example-`);
  try {
    await action(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
