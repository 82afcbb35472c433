import assert from "node:assert/strict";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import { load } from "../../ffi/load.ts";
import { RECORDS } from "../../ffi/symbols.ts";
import { closeFd, Pidfd, receiveMessage, socketPair } from "../../mod.ts";
import { countPidfds } from "../support/descriptors.ts";
import { assertThrows, WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { Helper, paused, runScript } from "../support/processes.ts";
import { needsRoot } from "../support/trees.ts";

test("close() closes the descriptor and not the process", async () => {
  const helper = await paused();
  const before = countPidfds();
  const handle = Pidfd.of(helper.child);
  assert.equal(countPidfds(), before + 1);
  handle.close();
  assert.equal(countPidfds(), before);
  assert.equal(handle.closed, true);
  const again = Pidfd.of(helper.child);
  assert.equal(again.isAlive(), true);
  again[Symbol.dispose]();
  assert.equal(again.closed, true);
  await helper.kill();
});

test("close() closes, whatever the runtime's object of the child throws", async () => {
  const result = await runScript("hostile_child.ts");
  assert.equal(result.stdout.trim(), "true EBADF 0 Error: hostile", result.stderr);
});

test("close() twice never closes somebody else's descriptor", () => {
  const handle = Pidfd.self();
  const { fd } = handle;
  handle.close();
  const other = Pidfd.self();
  assert.equal(other.fd, fd, "the kernel gives out the lowest free number");
  handle.close();
  handle[Symbol.dispose]();
  assert.equal(other.isAlive(), true);
  other.close();
});

test("100,000 opens and closes leave the descriptors as they were", () => {
  Pidfd.self().close();
  const before = countPidfds();
  for (let round = 0; round < 100_000; round++) Pidfd.self().close();
  assert.equal(countPidfds(), before);
});

test("handles that were forgotten are closed after garbage collection, others are not", async () => {
  const result = await runScript("forgotten.ts", { gc: true });
  assert.deepEqual(JSON.parse(result.stdout || "null"), {
    opened: 501,
    left: 1,
    kept: true,
    sameFd: true,
  }, result.stderr);
});

test("detach() gives the descriptor up, and fromFd() takes it over", () => {
  const before = countPidfds();
  const handle = Pidfd.self();
  const fd = handle.detach();
  assert.equal(handle.closed, true);
  handle.close();
  assert.equal(countPidfds(), before + 1);
  const adopted = Pidfd.fromFd(fd);
  assert.equal(adopted.fd, fd);
  assert.equal(adopted.pid, process.pid);
  assert.equal(adopted.isAlive(), true);
  adopted.close();
  assert.equal(countPidfds(), before);
});

test("fromFd() takes a descriptor of a process that is gone, which has no pid", async () => {
  const helper = await paused();
  const fd = Pidfd.of(helper.child).detach();
  await helper.kill();
  const adopted = Pidfd.fromFd(fd);
  assert.equal(adopted.state(), "reaped");
  assert.equal(adopted.signal(), false);
  assertThrows(() => adopted.pid, { name: "PidfdError", code: "ESRCH" });
  assert.equal(inspect(adopted), 'Pidfd { pid: unknown, state: "reaped" }');
  adopted.close();
});

test("fromFd() refuses a descriptor that is no pidfd, and leaves it open", () => {
  assert.throws(() => Pidfd.fromFd(0), { name: "TypeError", message: /it is not a pidfd: 0$/ });
  const file = openSync("/proc/self/stat", "r");
  try {
    readFileSync(file);
  } finally {
    closeSync(file);
  }
});

test("fromFd() refuses a file whose server says that it is a pidfd", {
  skip: needsRoot || (existsSync("/dev/fuse") ? false : "there is no /dev/fuse"),
}, async () => {
  const [here, there] = socketPair();
  const helper = new Helper("fuse", "1", "3", [there]);
  closeFd(there);
  const [fd] = receiveMessage(here, 60_000)!.descriptors;
  const record = new Uint8Array(RECORDS.PidfdInfo().size);
  assert.equal(load().info(fd, record), 0, "the file answers the ioctl");
  assert.equal(new DataView(record.buffer).getUint32(RECORDS.PidfdInfo().fields.pid[0], true), 1);
  assert.throws(() => Pidfd.fromFd(fd), { name: "TypeError", message: /it is not a pidfd/ });
  [fd, here].forEach(closeFd);
  await helper.end();
});

test("fromFd() refuses a descriptor that has an owner, and one that is not open", () => {
  const handle = Pidfd.self();
  assert.throws(() => Pidfd.fromFd(handle.fd), { name: "TypeError", message: /owns it already/ });
  assert.equal(handle.isAlive(), true);
  handle.close();
  assertThrows(() => Pidfd.fromFd(2 ** 31 - 1), { name: "PidfdError", code: "EBADF", errno: -9 });
});

test("fromFd() refuses wrong arguments before any native call", () => {
  for (const value of WRONG_TYPES) {
    assert.throws(() => Pidfd.fromFd(value as number), { name: "TypeError" });
  }
  for (const value of WRONG_NUMBERS) {
    assert.throws(() => Pidfd.fromFd(value), { name: "RangeError" });
  }
});

test("a handle can't be made from just any descriptor", () => {
  const make = Pidfd as unknown as new (...args: unknown[]) => Pidfd;
  assert.throws(() => new make(0, 1), { name: "TypeError" });
  assert.throws(() => new make(), { name: "TypeError" });
});

test("console.log shows the pid and the state", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  assert.equal(inspect(handle), `Pidfd { pid: ${handle.pid}, state: "running" }`);
  handle.close();
  assert.equal(inspect(handle), `Pidfd { pid: ${handle.pid}, state: "closed" }`);
  await helper.kill();
});

test("the prototype and a proxy, which inspectors of objects meet too, are no error", () => {
  const handle = Pidfd.self();
  for (const value of [Pidfd.prototype, Object.create(Pidfd.prototype), new Proxy(handle, {})]) {
    assert.equal(typeof inspect(value), "string");
  }
  handle.close();
});
