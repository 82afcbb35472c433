/**
 * Whether this program may start a command: a library that is allowed must not allow more than its
 * runtime does.
 *
 * @module
 */
import { runPermission } from "../../ffi/spawning.ts";
import { EACCES } from "../kernel/constants.ts";
import type { Checked } from "./options.ts";
import { SpawnFailedError } from "./failed.ts";

/** Throws where the runtime refuses this command. */
export function checkPermission(command: string, checked: Checked): void {
  const permission = runPermission(command);
  if (permission === "any") return;
  const reason = permission === "none"
    ? "this program may not start it: --allow-run (Deno), --allow-child-process (Node)"
    : escape(command, checked);
  if (reason !== null) {
    throw new SpawnFailedError({ errno: EACCES, syscall: "spawn", reason, path: command });
  }
}

/** What would make another program of a command that is permitted by its name. */
function escape(command: string, { variables, cwd, clearEnv }: Checked): string | null {
  const names = Object.keys(variables);
  const loader = names.find((name) => name.startsWith("LD_"));
  if (loader) return `${loader} needs the permission to run any command`;
  if (cwd !== "" && !command.startsWith("/") && command.includes("/")) {
    return "a relative command in another directory needs the permission to run any command";
  }
  if (command.includes("/") || !(clearEnv || names.includes("PATH"))) return null;
  return "another PATH needs the permission to run any command, or the command's absolute path";
}
