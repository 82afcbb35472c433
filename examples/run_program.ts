/** Runs a command for at most so long, and tells how it ended: `run_program.ts LIMIT_MS COMMAND…`. */
import process from "node:process";
import { spawn, SpawnFailedError } from "../mod.ts";

const [limit, command, ...args] = process.argv.slice(2);
try {
  const timeoutMs = Number(limit);
  // Killed with this program, however that ends; terminated when the time is up.
  const child = spawn(command, args, {
    stdout: "pipe",
    lifetime: "parent",
    timeoutMs,
    graceMs: 500,
  });
  const { status, stdout } = await child.output({ maxBytes: 1_000_000 });
  const how = status.known ? status.signal ?? `code ${status.code}` : "unknown";
  console.log(`${command} ended: ${how}, after ${stdout.length} bytes`);
} catch (error) {
  if (!(error instanceof SpawnFailedError)) throw error;
  console.log(`${command} was not started: ${error.code} in ${error.syscall}`);
}
