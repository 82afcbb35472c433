/** The `pidfd` command, run by the runtime that runs the tests. */
import { fileURLToPath } from "node:url";
import { run, runScript, runtimeCommand, type ScriptResult } from "./processes.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** What Deno has to permit besides, to those that start programs. */
const PERMISSIONS = new Map([
  ["demo", ["--allow-run", "--allow-env"]],
  ["run", ["--allow-run"]],
]);

/** Runs it with no more permission than it needs. */
export function pidfd(...args: string[]): Promise<ScriptResult> {
  const [program, ...rest] = pidfdCommand(...args);
  return run(program, rest);
}

/** What a command wrote, and its exit code. */
export type Said = Pick<ScriptResult, "code" | "stdout" | "stderr">;

/**
 * Runs it for each of these arguments, one after the other in one process: a start takes longer
 * than what most of them do.
 */
export async function pidfdEach(...lines: string[][]): Promise<Said[]> {
  // Deno has to read what is imported by a name that is made.
  const permissions = ["--allow-ffi", "--allow-read"];
  const all: Said[] = [];
  while (all.length < lines.length) {
    const args = [JSON.stringify(lines.slice(all.length))];
    const { stdout, stderr } = await runScript("command_lines.ts", { permissions, args });
    const said: Said[] = JSON.parse(stdout || "[]");
    if (said.length === 0) throw new Error(stderr);
    all.push(...said);
  }
  return all;
}

/** What runs it so. */
export function pidfdCommand(...args: string[]): string[] {
  const permissions = ["--allow-ffi", ...(PERMISSIONS.get(args[0]) ?? [])];
  return runtimeCommand(CLI, { permissions, args });
}
