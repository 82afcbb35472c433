/**
 * Runs the one suite on every runtime, and fails if a test fails or if the runtimes counted different numbers of tests:
 * a test that one of them did not find would otherwise pass unseen.
 */
import { type Runtime, RUNTIMES } from "./runtimes.ts";

interface Count {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
}

/** What each runtime's own closing lines say. */
const COUNTS: Record<string, [passed: RegExp, failed: RegExp, skipped: RegExp]> = {
  Deno: [/(\d+) passed/, /(\d+) failed/, /(\d+) ignored/],
  Bun: [/^\s*(\d+) pass$/m, /^\s*(\d+) fail$/m, /^\s*(\d+) skip$/m],
  Node: [/^# pass (\d+)$/m, /^# fail (\d+)$/m, /^# skipped (\d+)$/m],
};

const FILES = [...Deno.readDirSync("tests")]
  .filter(({ name }) => name.endsWith("_test.ts"))
  .map(({ name }) => `./tests/${name}`)
  .sort();

function run({ name, suite }: Runtime): Count {
  const [program, ...args] = [...suite, ...FILES];
  const { success, stdout, stderr } = new Deno.Command(program, {
    args,
    env: { NO_COLOR: "1" },
  }).outputSync();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const [passed, failed, skipped] = COUNTS[name.split(" ")[0]]
    .map((pattern) => Number(pattern.exec(text)?.[1] ?? 0));
  const isFailure = !success || failed > 0 || passed === 0;
  if (isFailure) console.log(text);
  // A runtime that ended badly without naming a test has failed all the same.
  return { name, passed, failed: isFailure ? Math.max(failed, 1) : 0, skipped };
}

const counts = RUNTIMES.map((runtime) => {
  const count = run(runtime);
  const { name, passed, failed, skipped } = count;
  console.log(`${name.padEnd(8)} ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return count;
});

const totals = new Set(counts.map(({ passed, failed, skipped }) => passed + failed + skipped));
if (totals.size > 1) console.log("the runtimes counted different numbers of tests");
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0) + (totals.size > 1 ? 1 : 0);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) Deno.exit(1);
