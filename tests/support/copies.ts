/** Copies of the sources, each of which a runtime takes for other modules. */
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The names of so many copies of mod.ts; they go with this program. */
export function copies(count: number): string[] {
  const top = fileURLToPath(new URL("../..", import.meta.url));
  const folder = mkdtempSync(`${tmpdir()}/pidfd-copies-`);
  process.on("exit", () => rmSync(folder, { recursive: true }));
  cpSync(`${top}/package.json`, `${folder}/package.json`);
  // Where mod.ts is that of the installed package, each copy has a package of its own.
  const parts = ["mod.ts", "src", "ffi", "node_modules/pidfd"];
  return Array.from({ length: count }, (_, index) => {
    const copy = `${folder}/${index}`;
    for (const name of parts.filter((part) => existsSync(`${top}/${part}`))) {
      cpSync(`${top}/${name}`, `${copy}/${name}`, { recursive: true });
    }
    return pathToFileURL(`${copy}/mod.ts`).href;
  });
}
