/**
 * The third step of the npm package: one declaration file an entry, with what it exports and the types that those need,
 * and nothing of what the sources keep to themselves: an editor offers whatever is declared anywhere.
 */
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";

/** Bundles the declarations of these compiled entries from `from` into `to`. */
export async function bundleDeclarations(
  from: string,
  to: string,
  entries: string[],
): Promise<void> {
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((name) => [`${name}.d`, `${from}/${name}.d.ts`])),
    // There is nothing to generate; the one named here asks for no TypeScript.
    plugins: [dts({ dtsOnly: true, generator: "oxc", tsconfig: false })],
    external: [/^node:/],
  });
  try {
    await bundle.write({ dir: to, entryFileNames: "[name].ts", chunkFileNames: "[name].d.ts" });
  } finally {
    await bundle.close();
  }
}
