/** Copies of the sources, each of which a runtime takes for other modules. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The names of so many copies of mod.ts; they go with this program. */
export function copies(count: number): string[] {
  const top = fileURLToPath(new URL("../..", import.meta.url));
  const folder = mkdtempSync(`${tmpdir()}/pidfd-copies-`);
  process.on("exit", () => rmSync(folder, { recursive: true }));
  cpSync(`${top}/package.json`, `${folder}/package.json`);
  return Array.from({ length: count }, (_, index) => {
    const copy = `${folder}/${index}`;
    for (const name of ["mod.ts", "src", "ffi"]) {
      cpSync(`${top}/${name}`, `${copy}/${name}`, { recursive: true });
    }
    return pathToFileURL(`${copy}/mod.ts`).href;
  });
}
