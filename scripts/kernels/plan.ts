/** What a virtual machine runs. */
import type { Runtime } from "../runtimes.ts";
import { inGuest } from "./root.ts";

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

/** What a runtime needs where everything takes ten times as long, on a processor that is emulated. */
function adapted({ name, suite }: Runtime): string[] {
  // Node strips types in WebAssembly. Compiled in one thread and run in another, on two emulated processors, it now and
  // then reads outside of its memory; on one processor it never did.
  return name.startsWith("Node") ? ["taskset", "1", ...suite] : suite;
}
