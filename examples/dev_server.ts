/** Runs a server, and restarts it with all that it has started when a file changes: `dev_server.ts FOLDER COMMAND…`. */
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import process from "node:process";
import { adoptOrphans, killTree } from "../mod.ts";

const [folder, command, ...args] = process.argv.slice(2);

function start(): void {
  const server = spawn(command, args, { stdio: "inherit" });
  server.on("error", (error) => console.error(error.message));
}

/** Resolves when the last process has exited: only then the port is free again. */
async function stop(): Promise<void> {
  const options = { graceMs: 2000, includeRoot: false, reapAdopted: true };
  const { escaped } = await killTree(process.pid, options);
  for (const { pid, name } of escaped) console.error(`${pid} (${name}) still runs`);
}

// What a server leaves behind when it crashes becomes a child of this process, so that stop() finds it.
adoptOrphans();
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
