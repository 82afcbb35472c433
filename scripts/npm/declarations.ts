/**
 * The third step of the npm package: one declaration file an entry, with what it exports and the types that those need,
 * and nothing of what the sources keep to themselves: an editor offers whatever is declared anywhere.
 */
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";

const MODULE_COMMENT = /^\/\*\*(?:(?!\*\/).)*@module\s+\*\//s;

/** Who has no types of Node gets `any` for its streams, and no error. */
const optional = {
  name: "optional-types",
  renderChunk: (code: string) =>
    code.replace(/^import .* from "node:stream";$/m, "// @ts-ignore: it may be missing\n$&"),
};

/** Bundles the declarations of these compiled entries from `from` into `to`. */
export async function bundleDeclarations(
  from: string,
  to: string,
  entries: string[],
): Promise<void> {
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((name) => [`${name}.d`, `${from}/${name}.d.ts`])),
    // There is nothing to generate; this one asks for no TypeScript, whose version 7 the plugin can't use.
    plugins: [dts({ dtsInput: true, emitDtsOnly: true, oxc: true, tsconfig: false }), optional],
    external: [/^node:/],
  });
  try {
    await bundle.write({
      dir: to,
      entryFileNames: "[name].ts",
      chunkFileNames: "[name].d.ts",
      // The plugin drops the comment of a module, which comes before everything that it keeps.
      postBanner: ({ name }) =>
        Deno.readTextFileSync(`${from}/${name}.ts`).match(MODULE_COMMENT)?.[0] ?? "",
    });
  } finally {
    await bundle.close();
  }
}
