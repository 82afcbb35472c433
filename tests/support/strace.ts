/** strace(1), by which tests have system calls fail from outside. */
import { type Child, spawn } from "../../mod.ts";
import { run } from "./processes.ts";

/** Why nothing can be traced here, or false. */
export async function lacksStrace(): Promise<string | false> {
  const code = await run("strace", ["-f", "-o", "/dev/null", "true"]).then(
    (result) => result.code,
    () => 1,
  );
  return code === 0 ? false : "strace can't be run";
}

/** Traces a process that runs, with its threads and children; resolves once it does. */
export async function traced(pid: number, log: string, ...options: string[]): Promise<Child> {
  const args = ["-f", "-o", log, ...options, "-p", `${pid}`];
  const strace = spawn("strace", args, { stderr: "pipe" });
  let printed = "";
  for await (const bytes of strace.stderr!.iterator({ destroyOnReturn: false })) {
    printed += bytes;
    if (printed.includes("attached")) return strace;
  }
  throw new Error(`strace has ended: ${printed}`);
}
