/** What both sides of the soak share. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { HELPER } from "../../tests/support/processes.ts";

/** What becomes of a child. */
export type Way = "exits" | "is killed" | "is given up";

export function spawnChild(way: Way): ChildProcess {
  return spawn(HELPER, way === "exits" ? ["exit", "0"] : ["pause"], { stdio: "ignore" });
}

/** Imports a copy of the sources, which runtimes take for other modules. */
export async function importCopy(): Promise<typeof import("../../mod.ts")> {
  const top = fileURLToPath(new URL("../..", import.meta.url));
  const folder = mkdtempSync(`${tmpdir()}/pidfd-soak-`);
  try {
    for (const name of ["package.json", "mod.ts", "src", "ffi"]) {
      cpSync(`${top}/${name}`, `${folder}/${name}`, { recursive: true });
    }
    return await import(pathToFileURL(`${folder}/mod.ts`).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
