/**
 * Whether data flows one way: `deno task check:layers` takes the module graph from Deno, and that
 * of zig/src from its text, and fails where a file imports from a folder that stands above its own.
 * Types count too: who names another's type has to know it.
 */

/**
 * From the ground up; each imports from itself and from those before it. A file of its own stands
 * here with its name.
 */
const LAYERS = [
  "ffi",
  "src/kernel",
  "src/watch",
  "src/handle",
  "src/proc",
  "src/features",
  "src/process",
  "src/identity",
  "src/parent",
  "src/pidfd.ts",
  "src/message",
  "src/orphans",
  "src/tree",
  "src/kill",
  "src/process_tree.ts",
  "src/compat",
  "src/spawn",
  "mod.ts",
  "tree_kill.ts",
  "cli/version.ts",
  "cli/exit.ts",
  "cli/output.ts",
  "cli/command.ts",
  "cli/suggestion.ts",
  "cli/parse.ts",
  "cli/arguments.ts",
  "cli/status.ts",
  "cli/outcome.ts",
  "cli/for_each.ts",
  "cli/interrupt.ts",
  "cli/stop_tree.ts",
  "cli/forward_signals.ts",
  "cli/contain.ts",
  "cli/runner.ts",
  "cli/shells",
  "cli/commands",
  "cli/main.ts",
  "cli.ts",
];

/** The same for zig/src; who stands together may import each other. */
const ZIG_LAYERS = [
  ["sys", "records.zig"],
  ["proc"],
  ["pidfd"],
  ["tree"],
  ["spawn"],
  ["guard"],
  ["program.zig"],
  // The ABI number is made from the declarations of calls.zig, and is one of its answers.
  ["calls.zig", "reflection.zig", "abi.zig"],
  ["napi.zig"],
  ["lib.zig", "test.zig"],
];

interface Target {
  readonly specifier?: string;
}

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly code?: Target; readonly type?: Target }[];
}

const top = new URL("../", import.meta.url).href;

/** The types of the runtimes, which deno.json names, come with every graph. */
const isOurs = (specifier: string) =>
  specifier.startsWith(top) && !specifier.startsWith(`${top}node_modules/`);

/** -1 for what no layer holds: a runtime's own module, or a file that was put nowhere. */
function layerOf(specifier: string): number {
  const path = specifier.replace(top, "");
  return LAYERS.findIndex((layer) => path === layer || path.startsWith(`${layer}/`));
}

async function modulesOf(entry: string): Promise<Module[]> {
  const args = ["info", "--json", entry];
  const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, cwd: new URL(top) })
    .output();
  if (!success) throw new Error(`deno info ${entry}`);
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

function* climbs({ specifier, dependencies = [] }: Module): Generator<string> {
  if (layerOf(specifier) < 0) yield `${specifier}: in no layer`;
  for (const { code, type } of dependencies) {
    const target = (code ?? type)?.specifier ?? "";
    if (!isOurs(target) || layerOf(target) <= layerOf(specifier)) continue;
    yield `${specifier} imports ${target}`;
  }
}

/** The files of zig/src by their paths there. */
function* zigFiles(folder = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(`${ZIG}${folder}`)) {
    if (isDirectory) yield* zigFiles(`${folder}${name}/`);
    else yield folder + name;
  }
}

const ZIG = new URL("../zig/src/", import.meta.url).pathname;

function zigLayerOf(path: string): number {
  const [first] = path.split("/");
  return ZIG_LAYERS.findIndex((names) => names.includes(first));
}

function* zigClimbs(path: string): Generator<string> {
  if (zigLayerOf(path) < 0) yield `zig/src/${path}: in no layer`;
  const text = Deno.readTextFileSync(`${ZIG}${path}`);
  for (const [, name] of text.matchAll(/@import\("([^"]+\.zig)"\)/g)) {
    const target = new URL(name, `file:///${path}`).pathname.slice(1);
    if (zigLayerOf(target) > zigLayerOf(path)) yield `zig/src/${path} imports ${target}`;
  }
}

let count = 0;
const wrong = new Set<string>();
for (const entry of ["mod.ts", "tree_kill.ts", "cli.ts"]) {
  const modules = (await modulesOf(entry)).filter(({ specifier }) => isOurs(specifier));
  count += modules.length;
  for (const module of modules) for (const line of climbs(module)) wrong.add(line);
}
for (const path of zigFiles()) for (const line of zigClimbs(path)) wrong.add(line);
for (const line of wrong) console.error(line.replaceAll(top, ""));
if (wrong.size > 0 || count === 0) Deno.exit(1);
