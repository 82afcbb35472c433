import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeInfo } from "../../src/kernel/pidfd_info.ts";
import { NativeRecord } from "../../src/kernel/record.ts";

const [PID, CREDS, CGROUPID, COREDUMP, SUPPORTED, SIGNAL, CODE] = [1, 2, 4, 16, 32, 64, 128];

/** A record as a kernel fills it: the words that it knows, and zeros behind them. */
function filled(mask: number, words: Record<number, number>): NativeRecord<"PidfdInfo"> {
  const record = new NativeRecord("PidfdInfo");
  record.set("mask", mask);
  const all = new Uint32Array(record.bytes.buffer);
  for (const [offset, word] of Object.entries(words)) all[Number(offset) / 4] = word;
  return record;
}

/** A word of 64 bits at this offset, in the CPU's own byte order. */
function wide(offset: number, value: number): Record<number, number> {
  const halves = new Uint32Array(new BigUint64Array([BigInt(value)]).buffer);
  return { [offset]: halves[0], [offset + 4]: halves[1] };
}

const IDS = { 16: 5, 20: 5, 24: 1, 28: 10, 32: 20, 36: 11, 40: 21, 44: 12, 48: 22, 52: 13, 56: 23 };
const told = {
  pid: 5,
  tgid: 5,
  ppid: 1,
  credentials: {
    ruid: 10,
    rgid: 20,
    euid: 11,
    egid: 21,
    suid: 12,
    sgid: 22,
    fsuid: 13,
    fsgid: 23,
  },
};

test("the record of Linux 6.13 has ids and the cgroup", () => {
  const record = filled(PID | CREDS | CGROUPID, { ...IDS, ...wide(8, 77) });
  assert.deepEqual(decodeInfo(record), { ...told, cgroupId: 77n });
});

test("what the mask does not name is absent, whatever stands there", () => {
  const record = filled(0, { ...IDS, 60: 0x700, 64: 1, 68: 6, 72: 1, 80: 1 });
  assert.deepEqual(decodeInfo(record), {});
});

test("a parent that can't be seen is absent", () => {
  assert.deepEqual(decodeInfo(filled(PID, { 16: 5, 20: 5 })), { pid: 5, tgid: 5 });
});

test("Linux 6.16 notes a dump without its signal", () => {
  const record = filled(COREDUMP, { 64: 1 | 4 });
  const coreDump = { dumped: true, skipped: false, owner: "user" };
  assert.deepEqual(decodeInfo(record), { coreDump });
  assert.deepEqual(decodeInfo(filled(COREDUMP, { 64: 0, 68: 6 })), {}, "an empty record is none");
});

for (const kernel of ["6.19", "7.0"]) {
  test(`Linux ${kernel} has the supported bits where 7.1 has the si_code`, () => {
    const record = filled(COREDUMP | SIGNAL | SUPPORTED, { 64: 1 | 8, 68: 6, ...wide(72, 0x7f) });
    assert.deepEqual(decodeInfo(record), {
      coreDump: { dumped: true, skipped: false, owner: "root", signal: "SIGABRT" },
      supportedMask: 0x7fn,
    });
  });
}

test("Linux 7.1 has the si_code, and the supported bits behind it", () => {
  const words = { 64: 1 | 4, 68: 11, 72: 2, ...wide(80, 0xff) };
  const { coreDump, supportedMask } = decodeInfo(
    filled(COREDUMP | SIGNAL | CODE | SUPPORTED, words),
  );
  assert.deepEqual(coreDump, {
    dumped: true,
    skipped: false,
    owner: "user",
    signal: "SIGSEGV",
    code: 2,
  });
  assert.equal(supportedMask, 0xffn);
});

test("an si_code may be negative or 0", () => {
  for (const code of [-6, 0]) {
    const record = filled(COREDUMP | SIGNAL | CODE, { 64: 1, 68: 6, 72: code });
    assert.equal(decodeInfo(record).coreDump!.code, code);
  }
  const skipped = filled(COREDUMP | SIGNAL | CODE, { 64: 2 });
  assert.deepEqual(decodeInfo(skipped), { coreDump: { dumped: false, skipped: true } });
});
