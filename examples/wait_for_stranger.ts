/**
 * Waits until a process that this program did not start has ended, for so long at most:
 * `wait_for_stranger.ts PID MS`.
 */
import process from "node:process";
import { Pidfd } from "../mod.ts";

const [pid, timeoutMs] = process.argv.slice(2).map(Number);
const handle = Pidfd.open(pid);
console.log("waiting");
try {
  const status = await handle.wait({ timeoutMs });
  // Before Linux 6.15 the kernel tells nobody but the parent how it ended; then `known` is false.
  console.log(
    status.known ? `code ${status.code}, signal ${status.signal}` : "ended, nobody tells how",
  );
} catch (error) {
  if ((error as Error).name !== "TimeoutError") throw error;
  console.log("still running");
} finally {
  handle.close();
}
