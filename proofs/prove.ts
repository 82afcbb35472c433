/** Runs long proofs, one after the other, on each runtime. */
import { onEachRuntime } from "../scripts/runtimes.ts";

/** A program, and what it is run under, for which it stands as an argument. */
export interface Proof {
  title: string;
  args: string[];
  under?: string[];
}

/**
 * Runs them on the runtimes that the command line names, else on all; ends with 1 if any of them is
 * violated.
 */
export async function prove(proofs: Proof[]): Promise<void> {
  let failed = 0;
  await onEachRuntime(Deno.args, async ({ name, file }) => {
    for (const { title, args, under = [] } of proofs) {
      console.log(`${name}: ${title}`);
      if (await succeeds([...under, ...file, ...args])) continue;
      failed++;
      console.log("  VIOLATED");
    }
  });
  console.log(failed === 0 ? "every proof holds" : `${failed} violated`);
  if (failed > 0) Deno.exit(1);
}

async function succeeds([program, ...args]: string[]): Promise<boolean> {
  const env = { NO_COLOR: "1", NODE_NO_WARNINGS: "1" };
  return (await new Deno.Command(program, { args, env }).spawn().status).success;
}
