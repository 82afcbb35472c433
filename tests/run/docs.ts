/**
 * Runs every TypeScript example of the doc comments, of README.md and of the guides, on Deno, Bun
 * and Node: each must end by itself with code 0, and print what its comments say, where a comment
 * behind `console.log` says something. Paths as arguments are the only ones looked at.
 */
import { atOnce } from "./at_once.ts";
import { filesIn } from "../../scripts/npm/compile.ts";
import { nodeCache } from "./node_cache.ts";
import { type Runtime, RUNTIMES } from "../../scripts/runtimes.ts";

interface Example {
  from: string;
  code: string;
}

const SOURCES = [
  "README.md",
  ...filesOf("docs", ".md"),
  "mod.ts",
  "tree_kill.ts",
  ...filesOf("src", ".ts"),
];

function filesOf(folder: string, ending: string): string[] {
  return filesIn(folder).filter((path) => path.endsWith(ending)).map((path) => `${folder}/${path}`);
}

function examples(path: string): Example[] {
  const text = Deno.readTextFileSync(path);
  const plain = path.endsWith(".md") ? text : text.replace(/^\s*\* ?/gm, "");
  return [...plain.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code], index) => ({
    from: `${path} example ${index + 1}`,
    code,
  }));
}

/** The words that the comments behind `console.log(…)` promise, as they are printed. */
function promised(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\);\s*\/\/ "?([^":\n]+)"?/g)].map(([, words]) =>
    words.trim()
  );
}

/**
 * A file with the example, beside mod.ts so that each runtime resolves the module in its own way.
 */
function write(code: string): string {
  const path = Deno.makeTempFileSync({ dir: ".", prefix: ".example-", suffix: ".ts" });
  const name = /from "(?:jsr:@x\/|@x\/)?pidfd(\/tree-kill)?"/g;
  const local = code.replace(name, (_, sub) => `from "./${sub ? "tree_kill" : "mod"}.ts"`);
  Deno.writeTextFileSync(path, local);
  return path;
}

async function failureOf({ name, file, code }: Example & Runtime): Promise<string | undefined> {
  const path = write(code);
  try {
    // One that leaves a process behind would else wait for it without end.
    const { success, stdout, stderr } = await new Deno.Command("timeout", {
      args: ["60", ...file, path],
      env: { NO_COLOR: "1", ...nodeCache(name, cache) },
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    if (!success) return new TextDecoder().decode(stderr) || "it failed, or did not end";
    const wrong = promised(code).filter((words, index) => lines[index] !== words);
    return wrong.length === 0 ? undefined : `promised ${wrong}, printed ${lines}`;
  } finally {
    Deno.removeSync(path);
  }
}

const cache = Deno.makeTempDirSync({ prefix: "pidfd-examples-" });

/** Node 22 can't read `using`. */
const isFor = (runtime: string, code: string) => runtime !== "Node 22" || !/^ *using /m.test(code);

const sources = Deno.args.length > 0 ? Deno.args : SOURCES;
const runs = sources.flatMap(examples).flatMap((example) =>
  RUNTIMES.filter(({ name }) => isFor(name, example.code))
    .map((runtime) => ({ ...example, ...runtime }))
);
const failures = await atOnce(runs, async (run) => {
  const failure = await failureOf(run);
  if (failure !== undefined) console.log(`${run.from} on ${run.name}: ${failure}`);
  return failure;
});
Deno.removeSync(cache, { recursive: true });
const failed = failures.filter((failure) => failure !== undefined).length;
const passed = failures.length - failed;
console.log(`examples: ${passed} passed, ${failed} failed`);
if (failed > 0 || passed === 0) Deno.exit(1);
