import assert from "node:assert/strict";
import { test } from "node:test";
import { HELPER, runScript, type ScriptResult } from "../support/processes.ts";

const isBun = "Bun" in globalThis;

async function output(name: string, args: string[], through?: string[]): Promise<string> {
  const result: ScriptResult = await runScript(name, { args, through });
  assert.equal(result.code, 0, result.stderr);
  return result.stdout.trim();
}

const [EBADF, EAGAIN, ENOMEM, EPIPE, ENOBUFS] = ["9", "11", "12", "32", "105"];

test("a call of the watcher that fails for a moment is tried again", async () => {
  const faults = [["sendto", ENOBUFS], ["sendto", ENOMEM], ["sendto", EAGAIN], [
    "epoll_pwait",
    ENOMEM,
  ]];
  for (const [call, errno] of faults) {
    const told = await output("channel_fault.ts", [], [HELPER, "fail-aside", call, errno]);
    assert.equal(told, "SIGKILL SIGKILL SIGKILL", `${call} ${errno}`);
  }
});

test("a watcher that ended is replaced, and every wait settles", async () => {
  for (const [call, errno] of [["sendto", EPIPE], ["sendto", EBADF], ["epoll_pwait", EBADF]]) {
    const told = await output("channel_fault.ts", [], [HELPER, "fail-aside", call, errno]);
    assert.equal(told, "SIGKILL SIGKILL SIGKILL", `${call} ${errno}`);
  }
});

test("a channel whose socket was destroyed is replaced, and every wait settles", async () => {
  const told = JSON.parse(await output("channel_destroyed.ts", []));
  const settled = "1 SIGKILL SIGKILL exited SIGKILL";
  assert.deepEqual(told, [settled, settled, settled, true, true]);
});

test("whichever of the watcher's descriptors the program closes, every wait settles", async () => {
  for (const which of [0, 1, 2, 3, 4]) {
    const told = await output("channel_closed.ts", [String(which)]);
    assert.match(told, /^\d+ .+ SIGKILL SIGKILL SIGKILL$/, String(which));
  }
});

test("closeFd() refuses every descriptor of the watcher", async () => {
  const [heard, count, end] = JSON.parse(await output("channel_owned.ts", []));
  const refusal = "TypeError: Cannot close a descriptor: the waits of this thread need it: N";
  assert.deepEqual([heard, end], [[refusal], "SIGKILL"]);
  assert.ok(count >= 5, String(count));
});

test("a socket that the runtime refuses rejects the waits and leaks nothing", async () => {
  for (const how of isBun ? ["at once", "late"] : ["at once"]) {
    const told = JSON.parse(await output("channel_refused.ts", [how]));
    assert.deepEqual(told, { refused: ["ENOSPC"], then: "SIGKILL", isFreed: true }, how);
  }
});

test("the module loaded again and again leaves threads and descriptors as they were", async () => {
  const { signals, threads, descriptors } = JSON.parse(await output("loaded_anew.ts", ["20"]));
  assert.deepEqual(signals, ["SIGKILL"]);
  // Some are the runtime's own, which come and go; one thread and four descriptors a load would be
  // 19 and 76.
  assert.ok(threads < 10 && descriptors < 20, `${threads} threads, ${descriptors} descriptors`);
});

test("a revoked permission keeps nothing from looking, settling, closing", async () => {
  const refused = "Deno" in globalThis ? "EPERM" : "ESRCH";
  const looked = [true, true, null, "running"];
  const waiting = JSON.parse(await output("revoked.ts", ["waiting"]));
  assert.deepEqual(waiting, [...looked, true, "SIGKILL", refused, true]);
  const later = JSON.parse(await output("revoked.ts", ["later"]));
  const wait = "Deno" in globalThis
    ? "EPERM"
    : "TimeoutError: the process has not ended within 20 ms";
  assert.deepEqual(later, [...looked, wait, true, null, refused, true]);
});
