/**
 * Who is left of a command when its wrapper is ended, for `pidfd run` and others, and what each of
 * them costs: prints a table, and ends with 1 if anybody is left of ours.
 */
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { killTree, ProcessTree, type Signal, spawn } from "../../mod.ts";
import { COUNT, countMarked, ESCAPES, sweep } from "./escapes.ts";
import { type Wrapper, WRAPPERS } from "./wrappers.ts";

const ROUNDS = Number(Deno.args[0] ?? 31);
const LIMIT_MS = 10_000;

const packing = new Deno.Command(Deno.execPath(), { args: ["task", "npm"], stdout: "null" });
if (!(await packing.spawn().status).success) throw new Error("deno task npm failed");

/** How many of the command are left when a signal has ended the wrapper; null if none ended it. */
async function leftAfter({ command }: Wrapper, signal: Signal): Promise<number | null> {
  const mark = `PIDFD_PROOF=${randomUUID()}`;
  const env = Object.fromEntries([mark.split("=")]);
  const child = start([...command, ...ESCAPES], { env });
  try {
    for await (const bytes of child.stdout!) if (String(bytes).includes("ready")) break;
    await until(() => countMarked(mark) === COUNT);
    child.kill(signal);
    await child.wait({ timeoutMs: LIMIT_MS });
    await until(() => countMarked(mark) === 0, 2000);
    return countMarked(mark);
  } catch (error) {
    if ((error as Error).name === "TimeoutError") return null;
    throw error;
  } finally {
    child.kill("SIGKILL");
    await sweep(mark);
    await child[Symbol.asyncDispose]();
  }
}

function start([command, ...args]: string[], { env = {} }: { env?: Record<string, string> } = {}) {
  const streams = { stdin: "null", stdout: "pipe", stderr: "null" } as const;
  return spawn(command, args, { ...streams, env: { ...env, NODE_NO_WARNINGS: "1" } });
}

async function until(isSo: () => boolean, limitMs = LIMIT_MS): Promise<void> {
  const end = performance.now() + limitMs;
  while (!isSo() && performance.now() < end) await setTimeout(10);
}

/** Milliseconds from the start of `/bin/true` to its end: the median. */
async function duration(command: string[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    await start([...command, "/bin/true"]).status;
    times.push(performance.now() - before);
  }
  return times.sort((a, b) => a - b)[ROUNDS >> 1];
}

/** What the wrapper and its helpers hold while a command runs: their PSS, in KiB. */
async function memory({ command }: Wrapper): Promise<number> {
  const child = start([...command, "sh", "-c", "echo ready; exec sleep 1000"]);
  for await (const bytes of child.stdout!) if (String(bytes).includes("ready")) break;
  await setTimeout(500);
  const tree = ProcessTree.of(child.pid);
  const sizes = [...tree].map(({ pid }) => {
    if (Deno.readTextFileSync(`/proc/${pid}/comm`) === "sleep\n") return 0;
    const text = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
    return Number(/^Pss: +(\d+) kB$/m.exec(text)![1]);
  });
  tree.close();
  await killTree(child.handle, { killSignal: "SIGKILL" });
  await child[Symbol.asyncDispose]();
  return sizes.reduce((sum, size) => sum + size);
}

/** Why it can't be tried here; undefined where it can. */
async function lack({ command: [program, ...args] }: Wrapper): Promise<string | undefined> {
  try {
    const { status } = await start([program, ...args, "/bin/true"]).output();
    return status.code === 0 ? undefined : `exits with ${status.code}`;
  } catch (error) {
    return (error as Error).message;
  }
}
const bare = await duration([]);
let isHeld = true;
console.log(`| of ${COUNT} processes | left after SIGTERM | after SIGKILL | adds ms | holds KiB |`);
console.log("| --- | --- | --- | --- | --- |");
for (const wrapper of WRAPPERS) {
  const reason = await lack(wrapper);
  if (reason !== undefined) {
    console.log(`| ${wrapper.name} | not tried: ${reason} | | | |`);
    continue;
  }
  const polite = await leftAfter(wrapper, "SIGTERM");
  const forced = await leftAfter(wrapper, "SIGKILL");
  if (wrapper.isOurs && (polite !== 0 || forced !== 0)) isHeld = false;
  const added = (await duration(wrapper.command) - bare).toFixed(1);
  const cells = [polite ?? "does not end", forced, added, await memory(wrapper)];
  console.log(`| ${wrapper.name} | ${cells.join(" | ")} |`);
}
console.log(isHeld ? "every proof holds" : "VIOLATED");
if (!isHeld) Deno.exit(1);
