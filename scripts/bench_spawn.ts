/** Runs the benchmark of starting processes on each runtime, or on the one that is named. */
import { RUNTIMES } from "./runtimes.ts";

const wanted = Deno.args.join(" ");
for (const { file: [program, ...args] } of RUNTIMES.filter(({ name }) => name.startsWith(wanted))) {
  for (const mebibytes of ["0", "1024"]) {
    const options = { args: [...args, "bench/spawn.ts", mebibytes] };
    const { success } = await new Deno.Command(program, options).spawn().status;
    if (!success) Deno.exit(1);
  }
}
