import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "../../ffi/load.ts";
import { ABI, RECORDS, SYMBOLS } from "../../ffi/symbols.ts";
import { node } from "../../ffi/node.ts";
import { LIBRARIES } from "../../ffi/library.ts";
import { features } from "../../mod.ts";
import { NativeRecord } from "../../src/kernel/record.ts";
import { CPU } from "../support/cpu.ts";
import { pathRecord } from "../../src/proc/file.ts";
import { Helper } from "../support/processes.ts";

const native = load();
const POLLNVAL = 0x20;
const [F_SETFD, FD_CLOEXEC, F_DUPFD_CLOEXEC] = [2, 1, 1030];

/** A path as native functions take it. */
function path(text: string): Uint8Array {
  return pathRecord(new TextEncoder().encode(text)).bytes;
}

test("native: every function of the generated table is there", () => {
  for (const name of Object.keys(SYMBOLS)) assert.equal(typeof native[name as never], "function");
});

test("native: results below zero are negated errnos, the same in each runtime", () => {
  const record = new Uint8Array(RECORDS.PidfdInfo().size);
  assert.equal(native.open(0, 0, 0), -22);
  assert.equal(native.open(-1, 0, 0), -22);
  assert.equal(native.open(2147483647, 0, 0), -3);
  assert.equal(native.open(process.pid, 0x80000, 0), -22, "O_CLOEXEC is no flag of this call");
  assert.equal(native.signal(2147483647, 0, 0), -9);
  assert.equal(native.wait(2147483647, 4, new Uint8Array(RECORDS.WaitRecord().size)), -9);
  assert.equal(native.poll(2147483647, 1, 0), POLLNVAL);
  assert.equal(native.info(2147483647, record), -9);
  assert.equal(native.pid_of(2147483647), -9);
  assert.equal(native.stat(2147483647, new Uint8Array(RECORDS.FileRecord().size)), -9);
  assert.equal(
    native.describe(2147483647, 1, new Uint8Array(RECORDS.DescriptionRecord().size)),
    -9,
  );
  assert.equal(native.read_file(path("/nonsense"), new Uint8Array(RECORDS.TextRecord().size)), -2);
  assert.equal(native.pidfile_claim(path("/nonsense/x")), -2);
  assert.equal(native.pidfile_claim(path("x".repeat(4090))), -36);
  assert.equal(native.fcntl(2147483647, F_DUPFD_CLOEXEC, 0), -9);
  assert.equal(native.fcntl(2147483647, F_SETFD, FD_CLOEXEC), -9);
  assert.equal(native.close(2147483647), -9);
  assert.equal(native.queue(2147483647, new Uint8Array(RECORDS.QueueRecord().size)), -9);
  assert.equal(native.get_fd(2147483647, 0), -9);
  assert.equal(native.namespace(2147483647, 4), -9);
  assert.equal(native.advise_memory(2147483647, new Uint8Array(RECORDS.AdviceRecord().size)), -9);
  const { process_mrelease } = features();
  assert.equal(native.release_memory(2147483647), process_mrelease.available ? -9 : -38);
  assert.equal(native.socket_option(2147483647, 77), -9);
  assert.equal(native.set_socket_option(2147483647, 76, 1), -9);
  assert.equal(native.socket_pair(77, new Uint8Array(RECORDS.PairRecord().size)), -22);
  assert.equal(native.send_message(2147483647, new Uint8Array(RECORDS.MessageRecord().size)), -9);
  assert.equal(
    native.receive_message(2147483647, new Uint8Array(RECORDS.MessageRecord().size), 0),
    -9,
  );
  assert.equal(native.own_pid(), process.pid);
});

test("native: a process whose threads take their leader's place is told whole at each read", async () => {
  const helper = new Helper("thread-execs", "first");
  await helper.line();
  const pid = helper.child.pid!;
  const proc = native.proc_open(0);
  const pidfd = native.open(pid, 0, 0);
  const record = new NativeRecord("ProcessRecord");
  const numbers = () => (["ppid", "group", "threads"] as const).map((name) => record.number(name));
  record.set("pid", process.pid);
  const own = native.open(process.pid, 0, 0);
  assert.equal(native.proc_read(proc, own, record.bytes), 0);
  native.close(own);
  // The helper's too; 0 where whoever made the group is in another pid namespace.
  const [, group] = numbers();
  // One in 2,000 to 8,000 reads meets a leader that is let go of.
  for (let round = 0; round < 50_000; round++) {
    record.set("pid", pid);
    assert.equal(native.pid_of(pidfd), pid);
    assert.equal(native.proc_read(proc, pidfd, record.bytes), 0);
    const seen = numbers();
    assert.ok(seen[2] > 0, `${seen}`);
    assert.deepEqual(seen.slice(0, 2), [process.pid, group]);
  }
  native.close(pidfd);
  native.close(proc);
  await helper.kill();
});

test("native: fcntl gives a second descriptor of the same process", () => {
  const first = native.open(process.pid, 0, 0);
  const second = native.fcntl(first, F_DUPFD_CLOEXEC, 0);
  assert.ok(second > first);
  assert.equal(native.close(first), 0);
  assert.equal(native.pid_of(second), process.pid);
  assert.equal(native.close(second), 0);
});

test("native: every CPU's library is small, and asks for no other library", () => {
  const names = ["aarch64", "armv7l", "loongarch64", "ppc64le", "riscv64", "s390x", "x86_64"];
  assert.deepEqual(Object.keys(LIBRARIES).sort(), names);
  for (const [cpu, { base64 }] of Object.entries(LIBRARIES)) {
    const bytes = Buffer.from(base64, "base64");
    // An instruction takes 4 bytes on most CPUs, and 3 on average on x86_64.
    const limit = cpu === "x86_64" ? 47 * 1024 : 65 * 1024;
    assert.ok(bytes.length <= limit, `${cpu}: ${bytes.length}`);
    const { needed, isNodelete } = dynamicSection(bytes);
    assert.equal(needed, 0, `${cpu} has DT_NEEDED`);
    assert.equal(isNodelete, true, `${cpu} can be unloaded`);
  }
});

/** What an ELF file's dynamic section says, for 32 and 64 bits and both byte orders (elf(5)). */
function dynamicSection(bytes: Uint8Array): { needed: number; isNodelete: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const wide = bytes[4] === 2;
  const little = bytes[5] === 1;
  const word = (at: number) =>
    wide ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
  const size = wide ? 8 : 4;
  const headers = word(wide ? 32 : 28);
  const headerSize = view.getUint16(wide ? 54 : 42, little);
  const count = view.getUint16(wide ? 56 : 44, little);
  const [PT_DYNAMIC, DT_NEEDED, DT_FLAGS_1, DF_1_NODELETE] = [2, 1, 0x6ffffffb, 0x8];
  let needed = 0;
  let isNodelete = false;
  for (let index = 0; index < count; index++) {
    const header = headers + index * headerSize;
    if (view.getUint32(header, little) !== PT_DYNAMIC) continue;
    const start = word(header + (wide ? 8 : 4));
    const end = start + word(header + (wide ? 32 : 16));
    for (let at = start; at < end; at += 2 * size) {
      if (word(at) === DT_NEEDED) needed++;
      if (word(at) === DT_FLAGS_1) isNodelete = (word(at + size) & DF_1_NODELETE) !== 0;
    }
  }
  return { needed, isNodelete };
}

test("native: the Node-API door answers EINVAL to what it can't hand to the kernel", () => {
  // Deno and Bun load add-ons too, so the door that is Node's is tested on all of them.
  const bytes = Buffer.from(LIBRARIES[CPU].base64, "base64");
  const door = node.openBytes(bytes, ABI) as unknown as Record<
    string,
    (...values: unknown[]) => number
  >;
  assert.equal(door.abi(), native.abi());
  assert.equal(door.own_pid(), process.pid);
  assert.equal(door.open(), -22);
  assert.equal(door.open(process.pid), -22);
  // Not a string of digits: Deno's Node-API makes a number of it, one more reason to check
  // arguments in src/.
  assert.equal(door.open(undefined, 0, 0), -22);
  assert.equal(door.wait(0, 4, new Uint8Array(RECORDS.WaitRecord().size - 1)), -22);
  assert.equal(door.wait(0, 4, new Uint16Array(100)), -22);
  assert.equal(door.wait(0, 4, {}), -22);
  assert.equal(door.stat(0, new Uint8Array(64).subarray(1)), -22, "not aligned");
  assert.equal(door.stat(0), -22);
  const fd = door.open(process.pid, 0, 0);
  assert.equal(door.pid_of(fd), process.pid);
  assert.equal(door.close(fd), 0);
});
