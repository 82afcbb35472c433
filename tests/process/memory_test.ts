import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { features, type MemoryAdvice, Pidfd } from "../../mod.ts";
import { assertThrows, WRONG_NUMBERS } from "../support/errors.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";

const { process_madvise, process_mrelease } = features();
const isRoot = process.getuid!() === 0;
const advice = {
  skip: !process_madvise.available
    ? process_madvise.found
    : isRoot
    ? false
    : "advice to another process needs CAP_SYS_NICE",
};
const releases = { skip: process_mrelease.available ? false : process_mrelease.found };
const MIB = 2 ** 20;

/** A process with this much memory in use, and where it is. */
async function withMemory(mib: number): Promise<[Helper, start: bigint, length: number]> {
  const helper = new Helper("memory", String(mib));
  const [start, length] = (await helper.line()).split(" ");
  return [helper, BigInt(start), Number(length)];
}

/** How much of a range was in use lately, in KiB, as the kernel counts it. */
function referenced(pid: number, start: bigint): number {
  const maps = readFileSync(`/proc/${pid}/smaps`, "latin1").split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const map = maps.find((map) => {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(map)!;
    return BigInt(`0x${from}`) <= start && start < BigInt(`0x${to}`);
  })!;
  return Number(/^Referenced:\s+(\d+) kB$/m.exec(map)![1]);
}

/** The memory that a process has in use, in pages. */
function residentPages(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]);
}

test("adviseMemory() has another process's memory treated as advised", advice, async () => {
  const [helper, start, length] = await withMemory(8);
  const handle = Pidfd.of(helper.child);
  assert.ok(referenced(handle.pid, start) >= 8 * 1024, "it was just written");
  assert.equal(handle.adviseMemory("COLD", { start, length }), length);
  assert.ok(referenced(handle.pid, start) < 1024, "nobody has used it since");
  // Linux 5.10 takes no other advice; WILLNEED came with the kernel that brought process_mrelease.
  const later = process_mrelease.available ? ["WILLNEED" as const] : [];
  for (const given of [...later, "PAGEOUT" as const]) {
    assert.equal(handle.adviseMemory(given, { start, length: BigInt(length) }), length);
  }
  const halves = [{ start, length: 4 * MIB }, { start: start + 4n * BigInt(MIB), length: 4 * MIB }];
  assert.equal(handle.adviseMemory("COLD", halves), length);
  assert.equal(handle.adviseMemory("COLD", []), 0);
  assert.equal(handle.adviseMemory("COLD", { start, length: 0 }), 0);
  handle.close();
  await helper.kill();
});

test("adviseMemory() says how far it came, and throws where it did not begin", advice, async () => {
  const [helper, start, length] = await withMemory(1);
  const handle = Pidfd.of(helper.child);
  const nowhere = { start: 0, length: 4096 };
  assert.equal(handle.adviseMemory("COLD", [{ start, length }, nowhere]), length);
  assertThrows(() => handle.adviseMemory("COLD", [nowhere, { start, length }]), {
    name: "PidfdError",
    code: "ENOMEM",
    syscall: "process_madvise",
    pid: handle.pid,
  });
  assertThrows(() => handle.adviseMemory("COLD", { start, length: 2n ** 64n - 1n }), {
    syscall: "process_madvise",
  });
  assertThrows(() => handle.adviseMemory("COLD", { start: start + 1n, length }), {
    code: "EINVAL",
  });
  await helper.kill();
  assertThrows(() => handle.adviseMemory("COLD", { start, length }), { code: "ESRCH" });
  handle.close();
  assertThrows(() => handle.adviseMemory("COLD", { start, length }), { code: "EBADF" });
});

test("adviseMemory() makes huge pages, or says EINVAL where there are none", advice, async () => {
  const [helper, start, length] = await withMemory(8);
  const handle = Pidfd.of(helper.child);
  try {
    assert.equal(handle.adviseMemory("COLLAPSE", { start, length }), length);
  } catch (error) {
    // Before Linux 6.1, without huge pages, or with none free now.
    assert.match((error as { code: string }).code, /^(EINVAL|ENOMEM|EAGAIN|EBUSY)$/);
  }
  handle.close();
  await helper.kill();
});

test("adviseMemory() refuses wrong arguments before any native call", () => {
  const handle = Pidfd.self();
  const range = { start: 0, length: 0 };
  for (const value of [undefined, null, 20, "MADV_COLD", "cold", "DONTNEED", "toString"]) {
    assert.throws(() => handle.adviseMemory(value as MemoryAdvice, range), {
      name: "TypeError",
      message: /^Cannot advise on memory: "advice" must be one of "WILLNEED", /,
    });
  }
  for (const value of [undefined, null, 7, [7], [null]]) {
    assert.throws(() => handle.adviseMemory("COLD", value as never), { name: "TypeError" });
  }
  for (const value of [undefined, null, "7", {}, true]) {
    for (const wrong of [{ ...range, start: value }, { ...range, length: value }]) {
      assert.throws(() => handle.adviseMemory("COLD", wrong as never), { name: "TypeError" });
    }
  }
  const numbers = WRONG_NUMBERS.filter((number) => number !== 2 ** 31);
  for (const value of [-1n, 2n ** 64n, ...numbers]) {
    for (const wrong of [{ ...range, start: value }, { ...range, length: value }]) {
      assert.throws(() => handle.adviseMemory("COLD", [range, wrong]), { name: "RangeError" });
    }
  }
  handle.close();
});

test("releaseMemory() takes the memory of a process that is being killed", {
  skip: releases.skip || (isRoot ? false : "holding a process at its end needs root"),
}, async () => {
  const [helper] = await withMemory(16);
  const handle = Pidfd.of(helper.child);
  const holder = new Helper("hold-exit", String(handle.pid));
  assert.equal(await holder.line(), "traced");
  handle.signal("SIGKILL");
  assert.equal(await holder.line(), "ending");
  const before = residentPages(handle.pid);
  assert.equal(handle.isAlive(), true, "it is held before its end");
  assert.equal(handle.releaseMemory(), true);
  const largestPage = 65536;
  assert.ok(residentPages(handle.pid) < before - 15 * MIB / largestPage);
  holder.send();
  await helper.exit;
  assert.equal(handle.releaseMemory(), false, "it has ended");
  handle.close();
  await holder.end();
});

test("releaseMemory() throws EINVAL for a process that is not being killed", releases, async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  assertThrows(() => handle.releaseMemory(), {
    name: "PidfdError",
    code: "EINVAL",
    syscall: "process_mrelease",
    message:
      `process_mrelease EINVAL: the process is not being killed: send it SIGKILL first, pid ${handle.pid}`,
  });
  assert.equal(handle.isAlive(), true);
  handle.close();
  assertThrows(() => handle.releaseMemory(), { code: "EBADF", syscall: "pidfd" });
  await helper.kill();
});

test("releaseMemory() is false for a zombie", releases, async () => {
  const zombie = new Helper("zombie", "3");
  const handle = Pidfd.open(Number(await zombie.line()));
  assert.equal(handle.releaseMemory(), false);
  handle.close();
  await zombie.end();
});

test("adviseMemory() throws EPERM without CAP_SYS_NICE, for a process of the same user", {
  skip: isRoot && process_madvise.available ? false : "giving up a capability needs root",
}, async () => {
  const result = await runScript("advise_sibling.ts", { through: [HELPER, "as", "65534"] });
  assert.equal(result.stdout.trim(), "PidfdError EPERM process_madvise", result.stderr);
});

test("adviseMemory() throws EFAULT for what no process has, and refuses holes", advice, () => {
  const handle = Pidfd.self();
  assertThrows(() => handle.adviseMemory("COLD", { start: 1n << 63n, length: 4096n }), {
    code: "EFAULT",
    syscall: "process_madvise",
  });
  // deno-lint-ignore no-sparse-arrays
  assert.throws(() => handle.adviseMemory("COLD", [, { start: 0, length: 5 }] as never), {
    name: "TypeError",
    message: "Cannot advise on memory: a range must be an object: undefined",
  });
  handle.close();
});
