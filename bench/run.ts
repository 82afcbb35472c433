/** Runs a benchmark on each runtime: `deno task bench [NAME [RUNTIME…]]`. */
import { onEachRuntime } from "../scripts/runtimes.ts";

const BENCHES: Record<string, string[]> = {
  calls: ["costs.ts", "start.ts", "wait.ts", "processes.ts"],
  trees: ["trees.ts"],
};

const [name = "calls", ...wanted] = Deno.args;
if (name === "import") {
  await (await import("./import.ts")).measureImports(wanted);
} else if (Object.hasOwn(BENCHES, name)) {
  await onEachRuntime(wanted, async ({ file: [program, ...args] }) => {
    for (const bench of BENCHES[name]) {
      const options = { args: [...args, `bench/${bench}`] };
      const { success } = await new Deno.Command(program, options).spawn().status;
      if (!success) Deno.exit(1);
    }
    console.log("");
  });
} else {
  console.error("Usage: deno task bench [calls | trees | import] [RUNTIME…]");
  Deno.exit(2);
}
