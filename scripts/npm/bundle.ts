/**
 * The second step of the npm package: few files instead of one a concept, because each module costs a tenth of a
 * millisecond to import, and a file of its own for what entries share another millisecond. So `mod.js` has everything,
 * and the other entries take from it what it exports; small functions that it keeps to itself they carry too.
 */
import { build, type BuildOptions, type Plugin } from "esbuild";

const OPTIONS: BuildOptions = {
  bundle: true,
  format: "esm",
  // No runtime in particular: the conditions of one must not decide for the others.
  platform: "neutral",
  external: ["node:*"],
  target: "es2022",
  // A twentieth of the tarball is indentation; the names stay, for whoever reads a stack or the package.
  minifyWhitespace: true,
  minifySyntax: true,
  // Node shows the whole line that an uncaught error comes from, Bun six; one goes on to the end of a statement or a text.
  lineLimit: 200,
  // Bun takes a file that begins so as it is. It would transpile any other, 6 ms, and keep the outcome in its user's cache.
  banner: { js: "// @bun" },
  // One letter beyond it would have engines keep the whole text in two bytes a letter.
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
};

/** Bundles the compiled entries of `from` into `to`; `mod` is one of them. */
export async function bundle(from: string, to: string, entries: string[]): Promise<void> {
  for (const name of entries) {
    await build({
      ...OPTIONS,
      // Nobody imports the command, and what it says when it fails has no stack.
      minifyIdentifiers: name === "cli",
      absWorkingDir: from,
      entryPoints: [`./${name}.js`],
      outdir: to,
      plugins: name === "mod" ? [] : [takeFromMod(from)],
    });
    joinBase64(`${to}/${name}.js`);
  }
}

/** Each library in one line again: breaking it costs half a kilobyte of the tarball, and no error comes from there. */
function joinBase64(path: string): void {
  const text = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(path, text.replace(/(?<=[\w+/]{80})\\\n/g, ""));
}

/** A class must be the same one whichever entry it is had from, and the native library is loaded once. */
function takeFromMod(from: string): Plugin {
  const text = Deno.readTextFileSync(`${from}/mod.js`);
  const exported = [...text.matchAll(/from "\.\/(.*)";/g)].map(([, path]) => `${from}/${path}`);
  const inside = new Set([`${from}/mod.js`, ...exported]);
  return {
    name: "take-from-mod",
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const isInside = inside.has(new URL(path, `file://${resolveDir}/`).pathname);
        return isInside ? { path: "./mod.js", external: true } : undefined;
      });
    },
  };
}
