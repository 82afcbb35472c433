/**
 * Random steps against the model of process life, on each runtime. Takes runtimes' names, `--steps
 * N` for how many each gets, and `--seed S`. Needs root for the strangers.
 */
import { parseArgs } from "node:util";
import { judge, type Verdict } from "./judge.ts";
import { onEachRuntime, type Runtime } from "../../scripts/runtimes.ts";

/** Of one program; the next begins anew. */
const MOST_STEPS = 20_000;

const { values, positionals } = parseArgs({
  options: { steps: { type: "string" }, seed: { type: "string" } },
  allowPositionals: true,
});
const steps = Number(values.steps ?? 200_000);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));

function withCollector({ name, file }: Runtime): string[] {
  if (name === "Bun") return file;
  return [...file, name === "Deno" ? "--v8-flags=--expose-gc" : "--expose-gc"];
}

async function run(runtime: Runtime, count: number, first: number): Promise<Verdict> {
  const program = [...withCollector(runtime), "proofs/model/run.ts", String(count), String(first)];
  const output = await new Deno.Command("timeout", {
    args: ["-k", "5", "600", ...program],
    env: { NO_COLOR: "1", NODE_NO_WARNINGS: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return judge(decoder.decode(output.stdout).trim(), decoder.decode(output.stderr).trim());
}

console.log(`seed ${seed}`);
let violated = 0;
await onEachRuntime(positionals, async (runtime) => {
  const sum = { done: 0, strangers: 0, hits: 0 };
  for (let begun = 0; begun < steps; begun += MOST_STEPS) {
    const verdict = await run(runtime, Math.min(MOST_STEPS, steps - begun), seed + begun);
    for (const name of ["done", "strangers", "hits"] as const) sum[name] += verdict[name];
    violated += verdict.violations.length;
    for (const violation of verdict.violations) console.log(`${runtime.name}: ${violation}`);
  }
  const { done, strangers, hits } = sum;
  console.log(`${runtime.name.padEnd(8)} ${done} steps, ${strangers} strangers, ${hits} hit`);
});
console.log(violated === 0 ? "the model holds" : `${violated} violated`);
if (violated > 0) Deno.exit(1);
