/** The `pidfd` command, run by the runtime that runs the tests. */
import { fileURLToPath } from "node:url";
import { run, runtimeCommand, type ScriptResult } from "./processes.ts";

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

/** What runs it so. */
export function pidfdCommand(...args: string[]): string[] {
  const permissions = ["--allow-ffi", ...(PERMISSIONS.get(args[0]) ?? [])];
  return runtimeCommand(CLI, { permissions, args });
}
