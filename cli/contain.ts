/** Starts a command so that nothing of it outlives this program, and waits until that is so. */
import { type Child, type Containment, spawn } from "../mod.ts";

/** What a command is started with. */
export interface ContainOptions {
  env: Readonly<Record<string, string>>;
  killSignal: number;
  graceMs: number;
}

/** What holds it, for people. */
export const GUARANTEE = "contained by the guard";

/** Starts it; where there can be no guard, that throws, and nothing runs. */
export function contain(
  [command, ...args]: string[],
  { env, killSignal, graceMs }: ContainOptions,
): Child {
  return spawn(command, args, { lifetime: "contained", env, killSignal, graceMs });
}

/** How long SIGKILL has to end them. */
const KILL_MS = 5000;
const LONGEST_MS = 2 ** 31 - 1;

/** The command has ended: waits until the guard has ended the rest, or can't. */
export async function untilContained(child: Child, graceMs: number): Promise<Containment> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), Math.min(graceMs + KILL_MS, LONGEST_MS));
  });
  const contained = await Promise.race([child.contained, limit]);
  clearTimeout(timer);
  if (contained) return contained;
  // It says when it can do no more, which its end never comes to.
  const forced = await child.terminate({ killSignal: "SIGKILL", graceMs: 0 });
  return forced.contained!;
}
