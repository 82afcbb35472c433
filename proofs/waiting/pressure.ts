/**
 * A program waits for 200 processes while its memory cgroup is full. The kernel refuses memory to
 * the watcher too, and every wait must settle all the same. Where the runtime itself aborts for
 * want of memory, nothing can be shown.
 *
 * Needs the memory controller of cgroup v1, where the OOM killer can be turned off.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Pidfd } from "../../mod.ts";
import { type Helper, paused, runtimeCommand } from "../../tests/support/processes.ts";

const ROUNDS = 10;
const COUNT = 200;
const FULL_MS = 1500;
const PATIENCE_MS = 20_000;

/** Waits for the processes that it gets the pids of, and prints how many waits have settled. */
async function waitForAll(pids: number[]): Promise<void> {
  const waits = pids.map((pid) => Pidfd.open(pid).wait());
  console.log("ready");
  const settled = await Promise.allSettled(waits);
  console.log(settled.filter(({ status }) => status === "fulfilled").length);
  process.exit();
}

/** A memory cgroup with a program in it. */
class MemoryCgroup {
  readonly #path = `/sys/fs/cgroup/memory/pidfd-proof-${process.pid}`;

  constructor() {
    mkdirSync(this.#path);
    writeFileSync(`${this.#path}/memory.oom_control`, "1");
  }

  add(pid: number): void {
    writeFileSync(`${this.#path}/cgroup.procs`, String(pid));
  }

  /** Leaves this share of the memory that it has now, or as little as the kernel agrees to. */
  squeeze(share: number): void {
    const usage = Number(readFileSync(`${this.#path}/memory.usage_in_bytes`, "latin1"));
    for (let limit = Math.floor(usage * share); limit <= usage; limit += 65_536) {
      try {
        return writeFileSync(`${this.#path}/memory.limit_in_bytes`, String(limit));
      } catch {
        // EBUSY: it can't reclaim so much.
      }
    }
  }

  lift(): void {
    writeFileSync(`${this.#path}/memory.limit_in_bytes`, "-1");
  }

  get failures(): number {
    return Number(readFileSync(`${this.#path}/memory.failcnt`, "latin1"));
  }

  remove(): void {
    rmdirSync(this.#path);
  }
}

/** How many waits have settled, or what came instead. */
type Outcome = number | "memory was not refused" | "the runtime aborted" | "hangs";

/** One round: the processes end one after the other while there is no memory. */
async function squeezeOnce(share: number): Promise<Outcome> {
  const helpers: Helper[] = [];
  while (helpers.length < COUNT) helpers.push(await paused());
  const pids = helpers.map(({ child }) => String(child.pid));
  const [program, ...args] = runtimeCommand(fileURLToPath(import.meta.url), { args: pids });
  const subject = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  const end = once(subject, "exit");
  const lines = createInterface({ input: subject.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const cgroup = new MemoryCgroup();
  try {
    cgroup.add(subject.pid!);
    cgroup.squeeze(share);
    for (const helper of helpers) {
      await helper.kill();
      await setTimeout(FULL_MS / COUNT);
    }
    const wasRefused = cgroup.failures > 0;
    cgroup.lift();
    if (!wasRefused) return "memory was not refused";
    return await Promise.race([settledOf(lines), setTimeout(PATIENCE_MS, "hangs" as const)]);
  } finally {
    subject.kill("SIGKILL");
    await end;
    cgroup.remove();
  }
}

async function settledOf(lines: AsyncIterator<string>): Promise<Outcome> {
  const { value, done } = await lines.next();
  return done ? "the runtime aborted" : Number(value);
}

async function prove(): Promise<void> {
  const outcomes: Outcome[] = [];
  // From all that it has to half of it: some runtimes abort where others go on.
  for (let round = 0; round < ROUNDS; round++) {
    outcomes.push(await squeezeOnce(1 - round / (2 * ROUNDS)));
  }
  for (const outcome of new Set(outcomes)) {
    const count = outcomes.filter((one) => one === outcome).length;
    const isCount = typeof outcome === "number";
    console.log(`${count} rounds: ${isCount ? `${outcome} of ${COUNT} waits settled` : outcome}`);
  }
  const isViolated = outcomes.some((one) => one === "hangs" || Number(one) < COUNT);
  if (isViolated || !outcomes.includes(COUNT)) process.exitCode = 1;
}

const pids = process.argv.slice(2).map(Number);
if (pids.length > 0) await waitForAll(pids);
else if (existsSync("/sys/fs/cgroup/memory/memory.oom_control")) await prove();
else console.log("skipped: there is no memory controller of cgroup v1");
