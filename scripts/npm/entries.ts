/**
 * The third step of the npm package: what `import` and `require` are given, two thin files an entry
 * around the one implementation.
 */
import { OLDEST } from "../../ffi/oldest.ts";
import { type Api, AS_IT_IS } from "./bundle.ts";

/** Where the implementation is found: by version, because two versions are two implementations. */
export function symbolOf(version: string): string {
  return `globalThis[Symbol.for("pidfd@${version}")]`;
}

/** Never runs: Node and Deno look for the names in the text where a module imports a script. */
function hint(names: string[]): string {
  return `0 && (module.exports = { ${names.join(", ")} });\n`;
}

function indexModule(symbol: string, names: string[]): string {
  return `${AS_IT_IS}import "./pidfd.mjs";
const { api, setLibraryFolder } = ${symbol};
setLibraryFolder(import.meta.dirname);
export const { ${names.join(", ")} } = api;
export default api;
`;
}

/**
 * An older Node would say the name of a file that its user has never heard of, and no version. A
 * `try` around the `require` itself would have bundlers leave it as it is.
 */
function indexScript(symbol: string, names: string[]): string {
  return `"use strict";
function load(implementation) {
  try {
    implementation();
  } catch (cause) {
    if (cause?.code !== "ERR_REQUIRE_ESM") throw cause;
    throw new Error("pidfd needs Node ${OLDEST.Node} or later: this is " + process.version, { cause });
  }
}
load(() => require("./pidfd.mjs"));
const { api, setLibraryFolder } = ${symbol};
if (typeof __dirname === "string") setLibraryFolder(__dirname);
module.exports = api;
${hint(names)}`;
}

/** Writes the entries into a folder. */
export function writeEntries(to: string, { symbol, names, treeKillNames }: Api): void {
  const files = {
    "index.mjs": indexModule(symbol, names),
    "index.js": indexScript(symbol, names),
    "tree-kill.mjs": `import api from "./index.mjs";
export const { ${treeKillNames.join(", ")} } = api;
export default api;
`,
    "tree-kill.js": `"use strict";
module.exports = require("./index.js");
${hint(treeKillNames)}`,
  };
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${to}/${name}`, text);
}
