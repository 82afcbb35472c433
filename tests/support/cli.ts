/** The `pidfd` command, run by the runtime that runs the tests. */
import { fileURLToPath } from "node:url";
import { run, runtimeCommand, type ScriptResult } from "./processes.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** Runs it with no more permission than it needs. */
export function pidfd(...args: string[]): Promise<ScriptResult> {
  const [program, ...rest] = pidfdCommand(...args);
  return run(program, rest);
}

/** What runs it so. */
export function pidfdCommand(...args: string[]): string[] {
  const permissions = args[0] === "demo"
    ? ["--allow-ffi", "--allow-run", "--allow-env"]
    : ["--allow-ffi"];
  return runtimeCommand(CLI, { permissions, args });
}
