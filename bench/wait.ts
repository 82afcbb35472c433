/**
 * The way from the kernel's end of a child to the promise, beside the runtime's own event for the
 * same kind of child, in one run. For the same child: how much later or earlier a program that has
 * both hears of it here. By turns, against a child that nobody watches: what the watch costs,
 * because a second thread is woken for the same end, and on few cores it is in the way of the
 * first. All are counted from the SIGKILL on, which the kernel obeys at once.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Pidfd } from "../mod.ts";
import { HELPER } from "../tests/support/processes.ts";

const ROUNDS = 400;
const { deno, bun, node } = process.versions as Record<string, string | undefined>;
const runtime = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;

interface Child {
  pid?: number;
}

/** The runtime's own way to start a child and to hear of its end. */
function start(): { child: Child; ended: () => Promise<unknown> } {
  const { Deno, Bun } = globalThis as never as {
    Deno?: {
      Command: new (p: string, o: object) => { spawn(): Child & { status: Promise<void> } };
    };
    Bun?: { spawn(c: string[], o: object): Child & { exited: Promise<void> } };
  };
  if (Deno) {
    const options = { args: ["pause"], stdin: "null", stdout: "null" };
    const child = new Deno.Command(HELPER, options).spawn();
    return { child, ended: () => child.status };
  }
  if (Bun) {
    const child = Bun.spawn([HELPER, "pause"], { stdin: "ignore", stdout: "ignore" });
    return { child, ended: () => child.exited };
  }
  const child = spawn(HELPER, ["pause"], { stdio: "ignore" });
  return { child, ended: () => once(child, "exit") };
}

/** From the signal to each of the two promises, on the same child. */
async function latencies(): Promise<{ ours: number; own: number }> {
  const { child, ended } = start();
  const own = ended();
  const handle = Pidfd.of(child);
  const ours = handle.exited;
  await new Promise((resolve) => setTimeout(resolve, 3));
  const from = performance.now();
  handle.signal("SIGKILL");
  const [byUs, byRuntime] = await Promise.all([
    ours.then(() => performance.now() - from),
    own.then(() => performance.now() - from),
  ]);
  handle.close();
  return { ours: byUs, own: byRuntime };
}

/** From the signal to one promise; the runtime reaps its child all the same. */
async function alone(isOurs: boolean): Promise<number> {
  const { child, ended } = start();
  const handle = Pidfd.of(child);
  const reaped = ended();
  const waiting = isOurs ? handle.exited : reaped;
  await new Promise((resolve) => setTimeout(resolve, 3));
  const from = performance.now();
  handle.signal("SIGKILL");
  await waiting;
  const time = performance.now() - from;
  await reaped;
  handle.close();
  return time;
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1];
}

function row(what: string, ours: number[], own: number[]): void {
  const [a, b] = [median(ours) * 1000, median(own) * 1000];
  console.log(
    `${what.padEnd(24)} ${a.toFixed(0).padStart(6)} µs ${`${b.toFixed(0)} µs`.padStart(14)}  ${
      (a / b).toFixed(2)
    }`,
  );
}

for (let round = 0; round < 50; round++) await latencies();
const both = { ours: [] as number[], own: [] as number[] };
const each = { ours: [] as number[], own: [] as number[] };
for (let round = 0; round < ROUNDS; round++) {
  const { ours, own } = await latencies();
  both.ours.push(ours);
  both.own.push(own);
  each.ours.push(await alone(true));
  each.own.push(await alone(false));
}
console.log(`${runtime}                 ours    runtime's own  ratio`);
row("end of the same child", both.ours, both.own);
row("end of a child, by turns", each.ours, each.own);
