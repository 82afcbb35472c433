/** The long proofs about trees, on each runtime; ends with 1 if any of them is violated. */
import { RUNTIMES } from "./runtimes.ts";

const PROOFS: [title: string, args: string[]][] = [
  // Takes some 11,000 descriptors; the runtimes raise their own limit as far as they may.
  ["trees of up to 5,000 processes", ["proofs/trees/sizes.ts"]],
  ["no stranger is signalled in 10,000 rounds", ["proofs/trees/strangers.ts", "10000"]],
];

const wanted = Deno.args.join(" ");
let failed = 0;
for (const { name, file } of RUNTIMES.filter(({ name }) => name.startsWith(wanted))) {
  for (const [title, proof] of PROOFS) {
    console.log(`${name}: ${title}`);
    const [program, ...args] = file;
    const { success } = await new Deno.Command(program, {
      args: [...args, ...proof],
      env: { NO_COLOR: "1", NODE_NO_WARNINGS: "1" },
    }).spawn().status;
    if (!success) {
      failed++;
      console.log("  VIOLATED");
    }
  }
}
console.log(failed === 0 ? "every proof holds" : `${failed} violated`);
if (failed > 0) Deno.exit(1);
