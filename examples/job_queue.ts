/** Runs the shell commands on stdin, one a line, so many at once and each for so long: `job_queue.ts COUNT TIMEOUT_MS`. */
import { spawn } from "node:child_process";
import process from "node:process";
import { text } from "node:stream/consumers";
import { type ExitStatus, killTree, Pidfd } from "../mod.ts";

const [count, timeoutMs] = process.argv.slice(2).map(Number);
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());

function describe({ known, code, signal }: ExitStatus): string {
  if (!known) return "exited, status unknown";
  return signal === null ? `exited with code ${code}` : `killed by ${signal}`;
}

/** Runs a job, and answers what became of it; after a timeout nothing that it has started is left. */
async function run(command: string): Promise<string> {
  // In a session of its own: Ctrl-C reaches this program alone, and what left the job's tree is found by the session.
  const job = Pidfd.of(
    spawn("sh", ["-c", command], { detached: true, stdio: ["ignore", "inherit", "inherit"] }),
  );
  try {
    return describe(await job.wait({ timeoutMs, signal: interrupt.signal }));
  } catch (error) {
    const isTimeout = (error as Error).name === "TimeoutError";
    if (!isTimeout && !interrupt.signal.aborted) throw error;
    const { ended, escaped } = await killTree(job, { graceMs: 1000 });
    const left = escaped.length > 0 ? `, ${escaped.length} left` : "";
    return `${isTimeout ? "timed out" : "interrupted"}, ${ended.length} ended${left}`;
  } finally {
    job.close();
  }
}

const jobs = (await text(process.stdin)).split("\n").filter((line) => line !== "");

async function work(): Promise<void> {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    if (interrupt.signal.aborted) return;
    console.log(`${job}: ${await run(job)}`);
  }
}

await Promise.all(Array.from({ length: count }, work));
// The signal's listener would keep the program alive.
process.removeAllListeners("SIGINT");
