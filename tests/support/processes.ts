/**
 * Real processes for the tests: the helper program in states of its own, and scripts run by this
 * very runtime.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

export const HELPER = fileURLToPath(new URL("../../zig/zig-out/bin/helper", import.meta.url));

const isDeno = "Deno" in globalThis;
const isBun = "Bun" in globalThis;

/** The flags that let a script call `globalThis.gc`; Bun has its own way. */
const GC_FLAGS = isDeno ? ["--v8-flags=--expose-gc"] : isBun ? [] : ["--expose-gc"];

/** A helper that runs, its lines of output, and a way to end it. */
export class Helper {
  readonly child: ChildProcess;
  readonly exit: Promise<[code: number | null, signal: string | null]>;
  readonly #lines: AsyncIterator<string>;

  /** A list in front of the arguments is what the helper has as descriptors 3 and on. */
  constructor(...given: (string | number[])[]) {
    const extra = given.filter((value) => typeof value !== "string").flat();
    const args = given.filter((value) => typeof value === "string");
    if (!existsSync(HELPER)) throw new Error("the helper is missing: run `npm run task helper`");
    this.child = spawn(HELPER, args, { stdio: ["pipe", "pipe", "inherit", ...extra] });
    this.exit = once(this.child, "exit") as never;
    const reader: Interface = createInterface({ input: this.child.stdout! });
    this.#lines = reader[Symbol.asyncIterator]();
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the helper ended without a line");
    return value;
  }

  /** Lets it go on to its next step. */
  send(): void {
    this.child.stdin!.write("\n");
  }

  /** Closes its input and waits for its end. */
  async end(): Promise<void> {
    this.child.stdin!.end();
    await this.exit;
  }

  /** Kills it, which is safe for a child that is not reaped yet, and waits until it was reaped. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exit;
  }
}

/** A process that stays until it is signalled; resolves once it does. */
export async function paused(): Promise<Helper> {
  const helper = new Helper("pause");
  await helper.line();
  return helper;
}

/** A process that stays until it is signalled, with variables that no other process has. */
export async function marked() {
  const environment = { PIDFD_TEST: `${process.pid}-${performance.now()}`, SECOND: "a=b" };
  const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];
  const child = spawn(HELPER, ["pause"], { env: environment, stdio });
  const exit = once(child, "exit");
  await once(child.stdout, "data");
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return { child, exit, variables };
}

export interface ScriptOptions {
  /** What runs the runtime instead of us: the helper with arguments, a shell. */
  through?: string[];
  /** Whether `through` ends with a runtime of its own, such as a copy of this one. */
  own?: boolean;
  /** Deno's permissions; all, unless given. */
  permissions?: string[];
  env?: Record<string, string>;
  gc?: boolean;
  args?: string[];
}

/** What a script printed, and how it ended. */
export interface ScriptResult {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** The command that runs a file by the runtime that runs the tests. */
export function runtimeCommand(file: string, options: ScriptOptions = {}): string[] {
  const command = [...(options.through ?? []), ...(options.own ? [] : [process.execPath])];
  if (isDeno) command.push("run", "--no-prompt", "--no-lock", ...(options.permissions ?? ["-A"]));
  if (options.gc) command.push(...GC_FLAGS);
  return [...command, file, ...(options.args ?? [])];
}

/** Runs a file of tests/fixtures by the runtime that runs the tests. */
export async function runScript(
  name: string,
  options: ScriptOptions = {},
): Promise<ScriptResult> {
  const file = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  const [program, ...args] = runtimeCommand(file, options);
  return await run(program, args, options.env);
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<ScriptResult> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", NODE_NO_WARNINGS: "1", ...env },
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => output.stdout += chunk);
  child.stderr.on("data", (chunk) => output.stderr += chunk);
  const [code, signal] = await once(child, "close");
  return { code, signal, ...output };
}
