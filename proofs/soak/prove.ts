/**
 * The soak: churn with this library beside the same without it. Takes runtimes' names, `--minutes
 * N` (10) for each, and `--svg FILE`.
 */
import { parseArgs } from "node:util";
import { chart, type Lines } from "./chart.ts";
import { grows, marksOf, QUANTITIES, type Sample } from "./samples.ts";
import { onEachRuntime, type Runtime } from "../../scripts/runtimes.ts";

const { values, positionals } = parseArgs({
  options: { minutes: { type: "string" }, svg: { type: "string" } },
  allowPositionals: true,
});
const seconds = Number(values.minutes ?? 10) * 60;

/** What a running program has; by the pid of our child, which nobody has reaped. */
function sample(pid: number, since: number): Sample {
  const count = (folder: string) => [...Deno.readDirSync(`/proc/${pid}/${folder}`)].length;
  const rss = /VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
  return {
    seconds: (performance.now() - since) / 1000,
    descriptors: count("fd"),
    threads: count("task"),
    rssMiB: Number(rss?.[1] ?? 0) / 1024,
  };
}

/** Samples one side until shortly before its end. */
async function soak({ file }: Runtime, side: "library" | "control"): Promise<Sample[]> {
  const [program, ...args] = [...file, "proofs/soak/churn.ts", side, String(seconds)];
  const env = { NO_COLOR: "1", NODE_NO_WARNINGS: "1" };
  const child = new Deno.Command(program, { args, env, stdin: "null", stdout: "piped" }).spawn();
  const output = child.output();
  const start = performance.now();
  const samples: Sample[] = [];
  while (performance.now() - start < (seconds - 1) * 1000) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    samples.push(sample(child.pid, start));
  }
  const { success, stdout } = await output;
  if (!success) throw new Error(`${side}: the churn failed`);
  console.log(`  ${side.padEnd(8)} ${new TextDecoder().decode(stdout).trim()} cycles`);
  return samples;
}

/** Prints the table of one runtime, and answers how many lines grow. */
function judge({ library, control }: Lines): number {
  let failed = 0;
  for (const quantity of QUANTITIES) {
    const marks = [library, control].map((samples) => marksOf(samples, quantity));
    const isGrowing = grows(marks[0], marks[1], quantity);
    if (isGrowing) failed++;
    const cells = marks.map(({ first, last }) => `${first.toFixed(0)} → ${last.toFixed(0)}`);
    const [with_, without] = cells.map((cell) => cell.padStart(12));
    const word = isGrowing ? "GROWS" : "flat";
    console.log(`  ${quantity.padEnd(12)} with ${with_}  without ${without}  ${word}`);
  }
  return failed;
}

const all: Lines[] = [];
let failed = 0;
await onEachRuntime(positionals, async (runtime) => {
  console.log(`${runtime.name}, ${seconds} s; low-water marks from the second minute on`);
  const [library, control] = await Promise.all([
    soak(runtime, "library"),
    soak(runtime, "control"),
  ]);
  const lines = { runtime: runtime.name, library, control };
  all.push(lines);
  failed += judge(lines);
});
const path = values.svg ?? `${Deno.makeTempDirSync({ prefix: "pidfd-soak-" })}/soak.svg`;
Deno.writeTextFileSync(path, chart(all));
console.log(`${path}\n${failed === 0 ? "nothing grows" : `${failed} lines grow`}`);
if (failed > 0) Deno.exit(1);
