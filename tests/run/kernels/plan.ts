/** What a virtual machine runs. */
import type { Runtime } from "../../../scripts/runtimes.ts";
import { filesForKernels } from "../files.ts";
import { HOOK, inGuest } from "./root.ts";

/** The files that are asked for. */
export function testFiles(isWanted: (path: string) => boolean): string[] {
  return filesForKernels().filter(isWanted);
}

/** A shell script: one result for each file on each runtime. */
export function plan(runtimes: Runtime[], files: string[], limit: number): string {
  const lines = runtimes.flatMap((runtime) =>
    files.map((file) => {
      const command = [...adapted(runtime), ...(file ? [`./${file}`] : [])];
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
