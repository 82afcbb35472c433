/** What a virtual machine runs. */
import type { Runtime } from "../../../scripts/runtimes.ts";
import { HOOK, inGuest } from "./root.ts";

/** The files of the suite that are asked for, and those that are only run on other kernels. */
export function testFiles(isWanted: (name: string) => boolean): string[] {
  return ["", "kernels/"].flatMap((folder) =>
    [...Deno.readDirSync(`tests/${folder}`)]
      .map(({ name }) => folder + name)
      .filter((name) => name.endsWith("_test.ts") && isWanted(name))
      .sort()
  );
}

/** A shell script: one result for each file on each runtime. */
export function plan(runtimes: Runtime[], files: string[], limit: number): string {
  const lines = runtimes.flatMap((runtime) =>
    files.map((file) => {
      const command = [...adapted(runtime), ...(file ? [`./tests/${file}`] : [])];
      return ["result", runtime.name, file, `${limit}`, ...command];
    })
  );
  return lines.map((words) => words.map(quote).join(" ") + "\n").join("");
}

function quote(word: string): string {
  return `'${inGuest(word)}'`;
}

/** What a runtime needs in the virtual machine. */
function adapted({ name, suite }: Runtime): string[] {
  return name.startsWith("Node") ? ["env", `NODE_OPTIONS=--import=${HOOK}`, ...suite] : suite;
}
