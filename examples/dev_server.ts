/**
 * Runs a server, and restarts it with all that it has started when a file changes: `dev_server.ts
 * FOLDER COMMAND…`. Ctrl-C ends all of it, and so does whatever ends this program.
 */
import { watch } from "node:fs";
import process from "node:process";
import { type Child, spawn } from "../mod.ts";

const [folder, command, ...args] = process.argv.slice(2);
let server: Child | undefined;

function start(): void {
  try {
    server = spawn(command, args, { lifetime: "contained", graceMs: 2000 });
  } catch (error) {
    console.error((error as Error).message);
  }
}

/** Resolves when the last process has exited: only then the port is free again. */
async function stop(): Promise<void> {
  const termination = await server?.terminate();
  if (termination?.contained?.settled === false) console.error("processes may be left");
  server = undefined;
}

let work = Promise.resolve();
let timer: ReturnType<typeof setTimeout> | undefined;

// An editor changes a file in several steps; one restart follows the last of them.
const watcher = watch(folder, { recursive: true }, () => {
  clearTimeout(timer);
  timer = setTimeout(() => work = work.then(stop).then(start), 100);
});
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => {
    clearTimeout(timer);
    watcher.close();
    work = work.then(stop).then(() => process.exit());
  });
}
start();
