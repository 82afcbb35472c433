/**
 * Runs every task that shows that it works, one after the other, and closes with the sum of what they counted. The suite
 * must count the same against the installed package as against the sources.
 */
const TASKS = [
  "test:zig",
  "test:docs",
  "test:package",
  "test:runtimes",
  "test:installed",
];

interface Count {
  passed: number;
  failed: number;
}

/** Passes on what a task prints; answers the last count in it, in any runner's words. */
async function run(task: string): Promise<Count> {
  console.log(`== ${task}`);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", task],
    stdout: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    await Deno.stdout.write(new TextEncoder().encode(chunk));
  }
  const { success } = await child.status;
  const last = [...text.matchAll(/(\d+) passed[,;| ]+(\d+) failed/g)].at(-1);
  const [passed, failed] = last ? [Number(last[1]), Number(last[2])] : [0, 0];
  return { passed, failed: success ? failed : Math.max(failed, 1) };
}

const counts: Record<string, Count> = {};
for (const task of TASKS) {
  counts[task] = await run(task);
  if (counts[task].failed > 0) break;
}
const all = Object.values(counts);
const passed = all.reduce((sum, count) => sum + count.passed, 0);
let failed = all.reduce((sum, count) => sum + count.failed, 0);
const sources = counts["test:runtimes"]?.passed;
const installed = counts["test:installed"]?.passed;
if (failed === 0 && installed !== sources) {
  console.log(`the suite passed ${sources} tests of the sources, ${installed} of the package`);
  failed++;
}
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) Deno.exit(1);
