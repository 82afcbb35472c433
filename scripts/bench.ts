/** Runs the benchmarks on each runtime, one after the other. */
import { RUNTIMES } from "./runtimes.ts";

for (const { file: [program, ...args] } of RUNTIMES) {
  for (const bench of ["bench/costs.ts", "bench/start.ts", "bench/wait.ts", "bench/processes.ts"]) {
    const { success } = await new Deno.Command(program, { args: [...args, bench] }).spawn().status;
    if (!success) Deno.exit(1);
  }
  console.log("");
}
