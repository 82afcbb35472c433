/**
 * The second step of the npm package: few files instead of one a concept, because each module costs
 * a tenth of a millisecond to import.
 *
 * `pidfd.mjs` has everything, and is no module of any kind: it names no import, no export, no
 * require, and not where it lies. Node, Bun, Deno and bundlers take it as a module, Jest as
 * CommonJS. So `import` and `require` run one implementation, found under a global symbol.
 */
import { build, type BuildOptions, type Plugin, transform } from "esbuild";

const OPTIONS = {
  bundle: true,
  // No runtime in particular: the conditions of one must not decide for the others.
  platform: "neutral",
  external: ["node:*"],
  target: "es2022",
  // One letter beyond it would have engines keep the whole text in two bytes a letter.
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
} satisfies BuildOptions;

/**
 * Bun takes a file that begins so as it is. It would transpile any other, 6 ms, and keep the
 * outcome in its user's cache.
 */
export const AS_IT_IS = "// @bun\n";

/** Where the implementation is found, and what its two entries export beside their default. */
export interface Api {
  symbol: string;
  names: string[];
  treeKillNames: string[];
}

/** What there is in the compiled folder. */
export async function readApi(folder: string, symbol: string): Promise<Api> {
  const [names, treeKillNames] = await Promise.all(["mod", "tree_kill"].map(async (entry) => {
    const all = Object.keys(await import(`file://${folder}/${entry}.js`));
    return all.filter((name) => name !== "default").sort();
  }));
  return { symbol, names, treeKillNames };
}

/**
 * What `pidfd.mjs` keeps under its symbol: a function as tree-kill is one, with everything else as
 * its properties.
 */
function entry({ names, treeKillNames }: Api, internal: string[]): string {
  return `import { ${names} } from "./mod.js";
import { ${treeKillNames} } from "./tree_kill.js";
import { setLibraryFolder } from "./ffi/library_folder.js";
import { ${internal} } from "internal";
const api = Object.assign(treeKill, { ${[...names, ...treeKillNames]}, default: treeKill });
const internal = { ${internal} };
answer({ api, setLibraryFolder, internal });`;
}

/** Bundles the implementation from the compiled folder `from` into `to`. */
export async function bundleImplementation(
  from: string,
  to: string,
  { api, internal }: { api: Api; internal: string[] },
): Promise<void> {
  const { outputFiles } = await build({
    ...OPTIONS,
    format: "iife",
    write: false,
    stdin: { contents: entry(api, internal), resolveDir: from },
    define: { "import.meta.dirname": "undefined" },
    plugins: [findInternal(from)],
  });
  const text = await withoutComments(outputFiles[0].text);
  const [, body] = text.match(/^\(\(\) => \{\n(.*)^answer\(.*\);\n\}\)\(\);\n$/ms)!;
  Deno.writeTextFileSync(
    `${to}/pidfd.mjs`,
    `${AS_IT_IS}${api.symbol} ??= (() => {
"use strict";
${body}return { api, setLibraryFolder, internal };
})();
`,
  );
}

const COMMENT = /^\s*(?:\/\*\*(?:[^*]|\*(?!\/))*\*\/|\/\/ .*)\n/gm;

/**
 * Lines stay, for whoever reads a stack. Comments would cost 13 KB of the tarball, and the first
 * indentation is everywhere.
 */
async function withoutComments(text: string): Promise<string> {
  const short = text.replace(COMMENT, "").replace(/^ {2}/gm, "");
  const minified = [text, short].map((text) => transform(text, { minify: true }));
  const [before, after] = await Promise.all(minified);
  if (before.code !== after.code) throw new Error("more than comments and indentation has gone");
  return short;
}

/**
 * Bundles the command, which takes from the package's own entry what that exports. Answers what
 * else it needs of the same files, which the implementation has to give it: a copy of a function
 * that asks for a class would ask for a copy of that.
 */
export async function bundleCommand(from: string, to: string, api: Api): Promise<string[]> {
  const internal: string[] = [];
  const { outputFiles } = await build({
    write: false,
    ...OPTIONS,
    format: "esm",
    // Nobody imports the command, and what it says when it fails has no stack.
    minify: true,
    // Node shows the whole line that an uncaught error comes from, Bun six.
    lineLimit: 200,
    banner: { js: AS_IT_IS.trim() },
    entryPoints: [`${from}/cli.js`],
    plugins: [takeFromIndex(from)],
  });
  const text = outputFiles[0].text.replace(/import\{([^}]*)\}from"\.\/index\.mjs";/g, (_, list) => {
    const wanted: string[] = list.split(",");
    const isPublic = (name: string) => api.names.includes(name.split(" as ")[0]);
    const others = wanted.filter((name) => !isPublic(name));
    internal.push(...others.map((name) => name.split(" as ")[0]));
    const taken = others.map((name) => name.replace(" as ", ":"));
    return `import{${wanted.filter(isPublic)}}from"./index.mjs";` +
      (taken.length === 0 ? "" : `const{${taken}}=${api.symbol}.internal;`);
  });
  Deno.writeTextFileSync(`${to}/cli.mjs`, text);
  return [...new Set(internal)].sort();
}

/** What the command alone takes: a copy would have the whole table of records with it. */
const OF_COMMAND = ["src/proc/job.js", "src/spawn/exec.js"];

/** The files from which `mod` exports, and those. */
function filesInside(from: string): string[] {
  const text = Deno.readTextFileSync(`${from}/mod.js`);
  const paths = [...text.matchAll(/from "\.\/(.*)";/g)].map(([, path]) => path);
  return [...paths, ...OF_COMMAND].map((path) => `${from}/${path}`);
}

/** Whatever one of these files exports, as one module. */
function findInternal(from: string): Plugin {
  const contents = filesInside(from).map((path) => `export * from "${path}";`).join("");
  return {
    name: "find-internal",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^internal$/ }, () => ({ path: "internal", namespace: "internal" }));
      onLoad({ filter: /./, namespace: "internal" }, () => ({ contents, resolveDir: from }));
    },
  };
}

/**
 * A class must be the same one whichever file it is had from, and the native library is loaded
 * once.
 */
function takeFromIndex(from: string): Plugin {
  const inside = new Set([`${from}/mod.js`, ...filesInside(from)]);
  return {
    name: "take-from-index",
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const isInside = inside.has(new URL(path, `file://${resolveDir}/`).pathname);
        return isInside ? { path: "./index.mjs", external: true } : undefined;
      });
    },
  };
}
