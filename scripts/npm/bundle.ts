/**
 * The second step of the npm package: few files instead of one a concept, because each module costs a tenth of a
 * millisecond to import; what several entries use is in files that they share.
 */
import { build } from "esbuild";

/** Bundles the compiled entries of `from` into `to`. */
export async function bundle(from: string, to: string, entries: string[]): Promise<void> {
  await build({
    absWorkingDir: from,
    entryPoints: entries.map((name) => `./${name}.js`),
    outdir: to,
    bundle: true,
    splitting: true,
    chunkNames: "shared-[hash]",
    format: "esm",
    // No runtime in particular: the conditions of one must not decide for the others.
    platform: "neutral",
    external: ["node:*"],
    target: "es2022",
    // A twentieth of the tarball is indentation; the names stay, for whoever reads a stack or the package.
    minifyWhitespace: true,
    minifySyntax: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
}
