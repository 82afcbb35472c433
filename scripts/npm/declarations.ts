/**
 * The fourth step of the npm package: one declaration file an entry, with what it exports and the types that those need,
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

/** The list that a bundled declaration file ends with, and what comes before it. */
function splitExports(text: string): [body: string, names: string] {
  const [, body, names] = text.match(/^(.*)\nexport \{ (.*) \};\s*$/s)!;
  return [body, names];
}

const FUNCTION_COMMENT = `/**
 * What \`pidfd/tree-kill\` is, so that this package can stand in tree-kill's place under its name.
 * What it is made for has names.
 */
`;

/** The one type of `pidfd/tree-kill` that its function names. */
const CALLBACK = "(error?: Error) => void";

/** `export =` of a function with these as its properties, which is what `require` gives. */
function asFunction(name: string, names: string): string {
  return `declare namespace ${name} { export { ${names}, ${name} as default }; }
export = ${name};
`;
}

/** The same for `import`: the types must be those that `require` gives. */
function asModule(script: string, names: string): string {
  return `export { ${names}, default } from "${script}";\n`;
}

/** Turns the bundled declarations in `from` into what `require` and `import` give, in `to`. */
export function writeDeclarations(from: string, to: string): void {
  const read = (name: string) => splitExports(Deno.readTextFileSync(`${from}/${name}.d.ts`));
  const [body, names] = read("mod");
  const [treeKillBody, treeKillNames] = read("tree_kill");
  const others = treeKillNames.split(", ").filter((name) => !name.startsWith("treeKill"));
  const calls = treeKillBody.match(/(?<=^ *)\(pid.*\): void;$/gm)!;
  const declared = (name: string) =>
    calls.map((call) => `declare function ${name}${call}\n`).join("");
  const treeKill = treeKillBody.replace(/^declare const treeKill: .*\n/m, declared("kill"));
  const files = {
    "index.d.ts": `${body}\n${FUNCTION_COMMENT}${
      declared("pidfd").replaceAll("TreeKillCallback", CALLBACK)
    }${asFunction("pidfd", names)}`,
    "index.d.mts": asModule("./index.js", names),
    "tree-kill.d.ts": `${treeKill}\n${
      asFunction("kill", `${others.join(", ")}, kill as treeKill`)
    }`,
    "tree-kill.d.mts": asModule("./tree-kill.js", `${others.join(", ")}, treeKill`),
    "cli.d.mts": "export {};\n",
  };
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${to}/${name}`, text);
}
