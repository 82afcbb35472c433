/** The one suite on some runtimes, with what they counted. */
import { type Count, countTests, sum } from "./counts.ts";
import type { Runtime } from "./runtimes.ts";

function files(): string[] {
  return [...Deno.readDirSync("tests")]
    .filter(({ name }) => name.endsWith("_test.ts"))
    .map(({ name }) => `./tests/${name}`)
    .sort();
}

/** Into a file: the end of a pipe comes when the last process that a failed test has left behind ends. */
const INTO_FILE = ["sh", "-c", 'exec "$@" > "$0" 2>&1'];

function run({ name, suite }: Runtime): Count {
  const folder = Deno.makeTempDirSync({ prefix: "pidfd-suite-" });
  try {
    const file = `${folder}/output`;
    const [program, ...args] = [...INTO_FILE, file, ...suite, ...files()];
    // Node would else take the types away again for each of a thousand processes.
    const env = { NO_COLOR: "1", NODE_COMPILE_CACHE: `${folder}/cache` };
    const { success } = new Deno.Command(program, { args, env, stdin: "null" }).outputSync();
    const text = Deno.readTextFileSync(file);
    const count = countTests(name, text, success);
    if (count.failed > 0) console.log(text);
    return count;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/**
 * Runs it on each, and tells the counts. False if a test fails, or if the runtimes counted different numbers of tests: a test
 * that one of them did not find would otherwise pass unseen.
 */
export function runSuite(runtimes: Runtime[]): boolean {
  const counts = runtimes.map((runtime) => {
    const count = run(runtime);
    const { passed, failed, skipped } = count;
    console.log(`${runtime.name.padEnd(8)} ${passed} passed, ${failed} failed, ${skipped} skipped`);
    return count;
  });
  const totals = new Set(counts.map(({ passed, failed, skipped }) => passed + failed + skipped));
  if (totals.size > 1) console.log("the runtimes counted different numbers of tests");
  const total = sum(counts);
  const failed = total.failed + (totals.size > 1 ? 1 : 0);
  console.log(`${total.passed} passed, ${failed} failed`);
  return failed === 0;
}
