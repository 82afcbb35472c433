/**
 * Kills what it has started in a listener of "exit", where only synchronous calls work:
 * `kill_at_exit.ts COMMAND…`. A line of stdin says how this program ends: "exit", "throw",
 * "reject", "abort", or a signal that it sends to itself. At the end of stdin it returns.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { Pidfd, ProcessTree, type Signal, spawn } from "../mod.ts";

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args);
// This program may return while the child runs.
child.unref();

process.on("exit", () => {
  const tree = ProcessTree.of(child.handle);
  // Stopped first, so that none starts another one unseen.
  do tree.signal("SIGSTOP"); while (tree.refresh().length > 0);
  console.log(`killed ${tree.signal("SIGKILL")}`);
});
// Without a listener of its own a signal ends this program at once, and "exit" is not emitted.
for (const [signal, code] of [["SIGHUP", 129], ["SIGINT", 130], ["SIGTERM", 143]] as const) {
  process.once(signal, () => process.exit(code));
}
// Deno emits no "exit" after an error that nothing catches, unless there are such listeners.
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.once(event, (error) => {
    console.error(error);
    process.exit(1);
  });
}

function endBy(end: string): void {
  if (end === "exit") process.exit(3);
  if (end === "throw") throw new Error("thrown");
  if (end === "reject") Promise.reject(new Error("rejected"));
  if (end === "abort") process.abort();
  if (end.startsWith("SIG")) Pidfd.self().signal(end as Signal);
}

createInterface({ input: process.stdin }).on("line", endBy);
