import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { ExitStatus } from "../../mod.ts";
import { failure } from "../../src/kernel/errors.ts";
// From the sources, whose inside it reaches into: "../../mod.ts" may be the installed package.
import { handleOf, Pidfd } from "../../src/pidfd.ts";
import { HELPER, paused, runScript } from "../support/processes.ts";

/** What the watcher needs to start, with this CPU's numbers, and what can go wrong there. */
const NUMBERS: Record<string, Record<string, number>> = {
  x64: { socketpair: 53, epoll_create1: 291, epoll_ctl: 233, clone: 56, clone3: 435 },
  arm64: { socketpair: 199, epoll_create1: 20, epoll_ctl: 21, clone: 220, clone3: 435 },
};
/** What makes a thread: glibc asks for it by the newer call, musl by the older. */
const isGlibc = readFileSync("/proc/self/maps", "latin1").includes("/libc.so.6");
const THREAD = isGlibc ? "clone3" : "clone";
const numbers = NUMBERS[process.arch];
const skip = numbers ? false : `no syscall numbers are written down for ${process.arch}`;

/** One wait meets the failure, and says which call it was; the next one works. */
async function failsOnce(call: string, errno: number, expected: string): Promise<void> {
  const through = [HELPER, "fail-once", String(numbers[call]), String(errno)];
  const result = await runScript("watcher_fault.ts", { through });
  assert.equal(result.stdout.trim(), `${expected} TimeoutError`, `${call}: ${result.stderr}`);
}

test("ENOMEM while the watcher starts rejects that wait, and the next one works", {
  skip,
}, async () => {
  for (const call of ["socketpair", "epoll_create1", "epoll_ctl"]) {
    await failsOnce(call, 12, `ENOMEM ${call}`);
  }
});

test("ENFILE while the watcher starts rejects that wait, and the next one works", {
  skip,
}, async () => {
  for (const call of ["socketpair", "epoll_create1"]) await failsOnce(call, 23, `ENFILE ${call}`);
});

test("ENOSPC where no more may be watched rejects that wait, and the next one works", {
  skip,
}, async () => {
  await failsOnce("epoll_ctl", 28, "ENOSPC epoll_ctl");
});

test("EAGAIN where no thread can be made rejects that wait, and the next one works", {
  skip,
}, async () => {
  await failsOnce(THREAD, 11, "EAGAIN pthread_create");
});

test("EMFILE while the watcher starts says for which descriptor there was no room", async () => {
  // So many are free: one end of the pair too few, none for epoll, none for the second descriptor
  // of the pair's end.
  for (const [free, call] of [["1", "socketpair"], ["2", "epoll_create1"], ["3", "fcntl"]]) {
    const result = await runScript("watcher_emfile.ts", {
      through: ["prlimit", "--nofile=128"],
      args: [free],
    });
    assert.equal(result.stdout.trim(), `EMFILE ${call} SIGKILL`, result.stderr);
  }
});

const GET_INFO = String(0xC058FF0B);

/** As on a kernel without exit records. */
const WITHOUT_RECORDS = [HELPER, "deny-ioctl", GET_INFO, "25"];

test("a wait ends although it was unknown at the end whether the kernel reports more", async () => {
  const through = ["prlimit", "--nofile=128", ...WITHOUT_RECORDS];
  const result = await runScript("unsure_wait.ts", { through });
  assert.equal(result.stdout.trim(), "EMFILE exited unknown exited", result.stderr);
});

test("a look after the end that fails for want of memory is repeated", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  let failures = 0;
  let status: ExitStatus | null = null;
  // Keeping the exit status is the last thing that an event does before the waits settle.
  Object.defineProperty(handleOf(handle), "status", {
    get: () => status,
    set(value: ExitStatus) {
      if (failures++ < 2) throw failure({ errno: -12, syscall: "poll" });
      status = value;
    },
  });
  const ended = handle.wait();
  handle.signal("SIGKILL");
  assert.equal((await ended).signal, "SIGKILL");
  assert.equal(failures, 3);
  handle.close();
  await helper.exit;
});
