/**
 * Runs the shell commands on stdin, one a line, so many at once and each for so long: `job_queue.ts
 * COUNT TIMEOUT_MS`. Prints how each ended, and what it has printed. Nothing of a job outlives it,
 * or this program.
 */
import process from "node:process";
import { text } from "node:stream/consumers";
import { type ExitStatus, spawn } from "../mod.ts";

const [count, timeoutMs] = process.argv.slice(2).map(Number);
const interrupt = new AbortController();
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
for (const name of SIGNALS) process.once(name, () => interrupt.abort());

function describe({ known, code, signal }: ExitStatus): string {
  if (!known) return "exited, status unknown";
  return signal === null ? `exited with code ${code}` : `killed by ${signal}`;
}

/** Runs a job, and answers what became of it, and what it has printed. */
async function run(command: string): Promise<string> {
  // In a session of its own: Ctrl-C reaches this program alone, which ends the job.
  const job = spawn("sh", ["-c", command], {
    stdin: "null",
    stdout: "pipe",
    session: true,
    lifetime: "contained",
    graceMs: 1000,
  });
  const output = job.output({ maxBytes: 1_000_000 });
  let end: string;
  try {
    end = describe(await job.wait({ timeoutMs, signal: interrupt.signal }));
  } catch (error) {
    const isTimeout = (error as Error).name === "TimeoutError";
    if (!isTimeout && !interrupt.signal.aborted) throw error;
    end = isTimeout ? "timed out" : "interrupted";
    await job.terminate();
  }
  const { stdout, truncated } = await output;
  const { settled } = await job.contained!;
  if (truncated) end += ", more was printed";
  if (!settled) end += ", processes may be left";
  return [end, new TextDecoder().decode(stdout).trimEnd()].filter(Boolean).join("\n");
}

const jobs = (await text(process.stdin)).split("\n").filter((line) => line !== "");

async function work(): Promise<void> {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    if (interrupt.signal.aborted) return;
    console.log(`${job}: ${await run(job)}`);
  }
}

await Promise.all(Array.from({ length: count }, work));
// The listeners would keep the program alive.
for (const name of SIGNALS) process.removeAllListeners(name);
