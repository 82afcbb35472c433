/** A service of which there is one: `pid_file.ts start PATH` runs it, `status PATH` and `stop PATH` find it. */
import process from "node:process";
import { Pidfd, PidfdError } from "../mod.ts";

/** Runs until SIGTERM, unless another one runs. */
function start(path: string): void {
  const self = Pidfd.self();
  try {
    // Of several that start at this moment one wins; a file that a crash has left is replaced.
    self.writePidfile(path);
  } catch (error) {
    if (!(error instanceof PidfdError) || error.code !== "EEXIST") throw error;
    console.log(`runs already, as ${error.pid}`);
    process.exitCode = 1;
    return;
  }
  const timer = setInterval(() => {}, 60_000); // the work
  process.once("SIGTERM", () => {
    self.removePidfile(path); // its own file only
    clearInterval(timer);
  });
  console.log("started");
}

async function stop(path: string): Promise<void> {
  const service = Pidfd.fromPidfile(path);
  if (service === null) return console.log("does not run");
  try {
    const { forced } = await service.terminate({ graceMs: 10_000 });
    console.log(forced ? "killed" : "stopped");
  } finally {
    service.close();
  }
}

function status(path: string): void {
  const service = Pidfd.fromPidfile(path);
  console.log(service ? `runs, as ${service.pid}` : "does not run");
  service?.close();
}

const [command, path] = process.argv.slice(2);
if (command === "start") start(path);
else if (command === "stop") stop(path);
else status(path);
