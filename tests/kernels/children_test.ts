/**
 * Too long for the suite, and run on other kernels: a thousand children of the runtime's own spawn
 * calls, which the runtime reaps first more often than not. Where the kernel keeps no exit records,
 * the answer is the runtime's own word.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { features, Pidfd } from "../../mod.ts";
import { HELPER, Helper } from "../support/processes.ts";

const ROUNDS = 1000;
const AT_ONCE = 8;

interface Runtimes {
  Deno?: {
    Command: new (program: string, options: { args: string[] }) => { spawn(): { pid: number } };
  };
  Bun?: { spawn(command: string[]): { pid: number } };
}

/** Starts a child by the call that belongs to this runtime. */
function start(code: string): { pid?: number } {
  const { Deno, Bun } = globalThis as unknown as Runtimes;
  if (Deno) return new Deno.Command(HELPER, { args: ["exit", code] }).spawn();
  return Bun ? Bun.spawn([HELPER, "exit", code]) : spawn(HELPER, ["exit", code]);
}

/** How many of a thousand children are told with the code that they ended with. */
async function right(start: (code: string) => { pid?: number }): Promise<number> {
  let count = 0;
  const one = async (round: number) => {
    const code = round % 256;
    const handle = Pidfd.of(start(String(code)));
    const status = await handle.wait();
    if (status.known && status.code === code) count++;
    handle.close();
  };
  for (let first = 0; first < ROUNDS; first += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => one(first + at)));
  }
  return count;
}

test("wait() is right for 1,000 of 1,000 children of node:child_process", async () => {
  assert.equal(await right((code) => spawn(HELPER, ["exit", code])), ROUNDS);
});

test("wait() is right for 1,000 of 1,000 children of the runtime's own spawn call", async () => {
  assert.equal(await right(start), ROUNDS);
});

test("wait() on 50 strangers tells how they ended, or that nobody told", async () => {
  const isTold = features().PIDFD_INFO_EXIT.available;
  for (let round = 0; round < 50; round++) {
    const parent = new Helper("parent");
    const stranger = Pidfd.open(Number(await parent.line()));
    const waiting = stranger.wait();
    stranger.signal("SIGUSR2");
    assert.equal(await parent.line(), "ended");
    parent.send();
    const { known, signal } = await waiting;
    assert.deepEqual([known, signal], isTold ? [true, "SIGUSR2"] : [false, null]);
    stranger.close();
    await parent.end();
  }
});
