/** Runs the benchmark of trees on each runtime, or on the one that is named. */
import { RUNTIMES } from "./runtimes.ts";

const wanted = Deno.args.join(" ");
for (const { file: [program, ...args] } of RUNTIMES.filter(({ name }) => name.startsWith(wanted))) {
  const options = { args: [...args, "bench/trees.ts"] };
  const { success } = await new Deno.Command(program, options).spawn().status;
  if (!success) Deno.exit(1);
}
