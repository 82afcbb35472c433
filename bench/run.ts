/** Runs a benchmark on each runtime: `deno task bench [NAME [RUNTIME…]]`. */
import { onEachRuntime } from "../scripts/runtimes.ts";

/** What each runs, with its arguments. */
const BENCHES: Record<string, string[][]> = {
  calls: [["costs.ts"], ["start.ts"], ["wait.ts"], ["processes.ts"]],
  trees: [["trees.ts"]],
  spawn: [["spawn.ts", "0"], ["spawn.ts", "1024"], ["flow.ts"]],
};

const [name = "calls", ...wanted] = Deno.args;
if (name === "import") {
  await (await import("./import.ts")).measureImports(wanted);
} else if (Object.hasOwn(BENCHES, name)) {
  await onEachRuntime(wanted, async ({ file: [program, ...args] }) => {
    for (const [bench, ...rest] of BENCHES[name]) {
      const options = { args: [...args, `bench/${bench}`, ...rest] };
      const { success } = await new Deno.Command(program, options).spawn().status;
      if (!success) Deno.exit(1);
    }
    console.log("");
  });
} else {
  console.error("Usage: deno task bench [calls | trees | spawn | import] [RUNTIME…]");
  Deno.exit(2);
}
