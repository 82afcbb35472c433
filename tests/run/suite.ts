/** The one suite on some runtimes, with what they counted. */
import { atOnce } from "./at_once.ts";
import { type Count, countTests, sum } from "./counts.ts";
import { suiteFiles } from "./files.ts";
import { nodeCache } from "./node_cache.ts";
import type { Runtime } from "../../scripts/runtimes.ts";

/**
 * Into a file: the end of a pipe comes when the last process that a failed test has left behind
 * ends. And not for ever: Node waits for such a process too.
 */
const INTO_FILE = ["timeout", "1000", "sh", "-c", 'exec "$@" > "$0" 2>&1'];

async function run({ name, suite }: Runtime, paths: string[]): Promise<Count> {
  const folder = Deno.makeTempDirSync({ prefix: "pidfd-suite-" });
  try {
    const file = `${folder}/output`;
    const files = paths.map((path) => `./${path}`);
    const [program, ...args] = [...INTO_FILE, file, ...suite, ...files];
    const env = { NO_COLOR: "1", ...nodeCache(name, `${folder}/cache`) };
    const { success } = await new Deno.Command(program, { args, env, stdin: "null" }).output();
    const text = Deno.readTextFileSync(file);
    const count = countTests(name, text, success);
    if (count.failed > 0) console.log(text);
    const { passed, failed, skipped } = count;
    console.log(`${name.padEnd(8)} ${passed} passed, ${failed} failed, ${skipped} skipped`);
    return count;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/**
 * Runs it on each, and tells the counts. False if a test fails, or if the runtimes counted
 * different numbers of tests: a test that one of them did not find would otherwise pass unseen.
 */
export async function runSuite(runtimes: Runtime[], files = suiteFiles()): Promise<boolean> {
  // Each runtime takes its files one by one, and more than half of a test is waiting. Node takes
  // longest: what is begun last is short.
  const [node, others] = [true, false].map((isNode) =>
    runtimes.filter(({ name }) => name.startsWith("Node") === isNode)
  );
  const counts = await atOnce(
    [...node, ...others],
    (runtime) => run(runtime, files),
    Math.ceil(1.5 * navigator.hardwareConcurrency),
  );
  const totals = new Set(counts.map(({ passed, failed, skipped }) => passed + failed + skipped));
  if (totals.size > 1) console.log("the runtimes counted different numbers of tests");
  const total = sum(counts);
  const failed = total.failed + (totals.size > 1 ? 1 : 0);
  console.log(`${total.passed} passed, ${failed} failed`);
  return failed === 0;
}
