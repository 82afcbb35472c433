/**
 * The first step of the npm package: each TypeScript file becomes a JavaScript and a declaration
 * file, by dnt where JSR can be reached, else by TypeScript's own compiler. Whichever does it, the
 * next steps take the same files from it.
 */

/** What can compile. */
export type Compiler = "dnt" | "tsc";

/** The modules that are compiled, with all that they import. */
export const ENTRIES: string[] = ["mod", "cli", "tree_kill"];

/** How an entry is asked for: "." or "./tree-kill". */
export function subpath(entry: string): string {
  return entry === "mod" ? "." : `./${entry.replaceAll("_", "-")}`;
}

// In a variable, so that nothing but a build looks for it: what is written literally is fetched by
// every check.
const DNT: string = "jsr:@deno/dnt@0.43.2";

interface Dnt {
  build(options: Record<string, unknown>): Promise<void>;
}

/** Compiles into `folder`; answers by what. Without a choice it is dnt where that can be had. */
export async function compile(folder: string, choice?: Compiler): Promise<Compiler> {
  const dnt = choice === "tsc" ? undefined : await fetchDnt(choice === "dnt");
  if (dnt) await compileByDnt(dnt, folder);
  else await compileByTsc(folder);
  await nameDeclarationsByJs(folder);
  return dnt ? "dnt" : "tsc";
}

async function fetchDnt(isRequired: boolean): Promise<Dnt | undefined> {
  try {
    return await import(DNT);
  } catch (error) {
    if (isRequired) throw error;
    return undefined;
  }
}

/**
 * What dnt is asked for, as a function of its own so that it can be held against dnt's types
 * without running it: modules only, nothing added to them, no install; package.json is ours.
 */
export function dntOptions(outDir: string): Record<string, unknown> {
  return {
    entryPoints: ENTRIES.map((name) => ({
      name: subpath(name),
      path: `./${name}.ts`,
    })),
    outDir,
    shims: {},
    polyfills: false,
    scriptModule: false,
    declaration: "inline",
    // `deno task check` has checked the types, with the libraries that the sources are written for.
    typeCheck: false,
    test: false,
    skipNpmInstall: true,
    skipSourceOutput: true,
    configFile: false,
    compilerOptions: { target: "ES2022", lib: ["ES2024", "ESNext.Disposable", "DOM"] },
    package: { name: "pidfd", version: "0.0.0" },
  };
}

async function compileByDnt({ build }: Dnt, folder: string): Promise<void> {
  const scratch = await Deno.makeTempDir({ prefix: "pidfd-dnt-" });
  try {
    await build(dntOptions(scratch));
    await Deno.mkdir(folder, { recursive: true });
    for await (const { name } of Deno.readDir(`${scratch}/esm`)) {
      if (name !== "package.json") await Deno.rename(`${scratch}/esm/${name}`, `${folder}/${name}`);
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function compileByTsc(folder: string): Promise<void> {
  const { success, stdout } = await new Deno.Command("node_modules/.bin/tsc", {
    args: ["-p", "scripts/npm/tsconfig.json", "--outDir", folder],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`tsc: ${new TextDecoder().decode(stdout)}`);
}

/**
 * The compilers differ in how a declaration names its neighbour: `./src/pidfd.ts`, or `.js`, which
 * all resolutions take.
 */
async function nameDeclarationsByJs(folder: string): Promise<void> {
  for (const path of filesIn(folder)) {
    if (!path.endsWith(".d.ts")) continue;
    const text = await Deno.readTextFile(`${folder}/${path}`);
    const named = text.replace(/((?:from |import\()"\.{1,2}\/[^"]*)\.ts"/g, '$1.js"');
    if (named !== text) await Deno.writeTextFile(`${folder}/${path}`, named);
  }
}

/** The paths of all files under a folder, relative to it, sorted. */
export function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`).map((path) => `${name}/${path}`) : [name]
  ).sort();
}
