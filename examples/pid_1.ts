/**
 * An application that is the first process of a container: runs the shell commands on stdin, one a
 * line, by the runtime's own means, and reaps what they leave behind. SIGTERM (`docker stop`) or
 * Ctrl-C ends it, and with it the kernel kills everything in the container.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { adoptOrphans } from "../mod.ts";

adoptOrphans({
  reap: true,
  onOrphan: ({ status }) => console.log(`an orphan exited with code ${status.code}`),
});
// The first process of a container only gets the signals for which it has a listener.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit());

createInterface({ input: process.stdin }).on("line", (command) => {
  const child = spawn("sh", ["-c", command], { stdio: ["ignore", "inherit", "inherit"] });
  child.once("exit", (code) => console.log(`${command}: exited with code ${code}`));
});
