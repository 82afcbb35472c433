/**
 * Stops a process politely, then by force, and tells how it ended: `stop_daemon.ts PID [GRACE_MS]`.
 */
import process from "node:process";
import { Pidfd } from "../mod.ts";

const [pid, graceMs = "5000"] = process.argv.slice(2).map(Number);
const handle = Pidfd.open(pid);
try {
  // SIGTERM, a wait, SIGKILL, a wait: all of them reach this process or nobody, even if its pid is
  // given away meanwhile.
  const termination = await handle.terminate({ graceMs: Number(graceMs) });
  console.log(JSON.stringify(termination));
} finally {
  handle.close();
}
