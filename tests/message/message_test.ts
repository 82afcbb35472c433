import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { load } from "../../ffi/load.ts";
import { RECORDS } from "../../ffi/symbols.ts";
import {
  closeFd,
  features,
  type OutgoingMessage,
  passSender,
  Pidfd,
  receiveMessage,
  sendMessage,
  socketPair,
} from "../../mod.ts";
import { countPidfds } from "../support/descriptors.ts";
import { assertThrows, WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { HELPER, Helper, runScript } from "../support/processes.ts";

const { SO_PASSPIDFD } = features();
const senders = { skip: SO_PASSPIDFD.available ? false : SO_PASSPIDFD.found };
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

/** Whether a descriptor is closed on exec, as the kernel's own list says. */
function isCloseOnExec(fd: number): boolean {
  const [, flags] = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))!;
  return (parseInt(flags, 8) & 0o2000000) !== 0;
}

test("a message carries data over each kind of socket, and nothing else", () => {
  for (const kind of ["stream", "datagram", "seqpacket"] as const) {
    const [here, there] = socketPair(kind);
    assert.equal(receiveMessage(there), null, "nothing has come");
    assert.equal(sendMessage(here, { data: bytes("hello") }), 5);
    const { data, ...rest } = receiveMessage(there)!;
    assert.equal(text(data), "hello");
    assert.deepEqual(rest, {
      descriptors: [],
      sender: null,
      senderError: null,
      credentials: null,
      dataTruncated: false,
      controlTruncated: false,
    });
    closeFd(here);
    closeFd(there);
  }
});

test("a message carries descriptors, and the receiver's are its own", () => {
  const [here, there] = socketPair();
  const handle = Pidfd.open(process.ppid);
  assert.equal(sendMessage(here, { descriptors: [handle.fd, here] }), 1);
  handle.close();
  const { data, descriptors } = receiveMessage(there)!;
  assert.deepEqual([...data], [0]);
  assert.equal(descriptors.length, 2);
  for (const fd of descriptors) assert.equal(isCloseOnExec(fd), true);
  const received = Pidfd.fromFd(descriptors[0]);
  assert.equal(received.pid, process.ppid);
  assert.equal(received.isAlive(), true);
  received.close();
  assert.equal(sendMessage(descriptors[1], { data: bytes("by the duplicate") }), 16);
  assert.equal(text(receiveMessage(there)!.data), "by the duplicate");
  for (const fd of [here, there, descriptors[1]]) closeFd(fd);
});

test("a socket that another process handed over carries data", async () => {
  const [here, there] = socketPair();
  const helper = new Helper([there], "hand-over", "3");
  closeFd(there);
  await helper.line();
  const { data, descriptors: [socket] } = receiveMessage(here)!;
  assert.equal(text(data), "x");
  helper.send();
  assert.equal(await helper.line(), "listening");
  for (const word of ["over", "here"]) {
    assert.equal(sendMessage(socket, { data: bytes(word) }), 4);
    assert.equal(text(receiveMessage(socket, 10_000)!.data), word.toUpperCase());
  }
  closeFd(socket);
  closeFd(here);
  assert.deepEqual(await helper.exit, [0, null], "it saw the last holder of its socket close it");
});

test("receiveMessage() gives descriptors that are all this process's to close", () => {
  const [here, there] = socketPair();
  const handle = Pidfd.self();
  const before = countPidfds();
  const most = Array.from({ length: 253 }, () => handle.fd);
  assert.equal(sendMessage(here, { descriptors: most, data: bytes("many") }), 4);
  const { descriptors, controlTruncated } = receiveMessage(there)!;
  assert.equal(descriptors.length, 253);
  assert.equal(new Set(descriptors).size, 253);
  assert.equal(controlTruncated, false);
  assert.equal(countPidfds(), before + 253);
  descriptors.forEach(closeFd);
  assert.equal(countPidfds(), before);
  handle.close();
  closeFd(here);
  closeFd(there);
});

test("a message that nobody received takes its descriptors with it", () => {
  const [here, there] = socketPair();
  const handle = Pidfd.self();
  const before = countPidfds();
  sendMessage(here, { descriptors: [handle.fd] });
  closeFd(here);
  closeFd(there);
  assert.equal(countPidfds(), before);
  handle.close();
});

test("receiveMessage() waits as long as it is told, and no longer than a message takes", async () => {
  const [here, there] = socketPair();
  const start = performance.now();
  assert.equal(receiveMessage(here, 30), null);
  assert.ok(performance.now() - start >= 29);
  const child = spawn("sh", ["-c", "echo hello >&3"], {
    stdio: ["ignore", "ignore", "inherit", there],
  });
  const exit = once(child, "exit");
  closeFd(there);
  assert.equal(text(receiveMessage(here, 60_000)!.data), "hello\n");
  assert.equal(receiveMessage(here, 60_000)!.data.length, 0, "the end of the stream");
  closeFd(here);
  await exit;
});

test("a long message is cut off and says so; a stream keeps the rest", () => {
  const [here, there] = socketPair("datagram");
  const long = Uint8Array.from({ length: 4096 }, (_, index) => index % 251);
  assert.equal(sendMessage(here, { data: long }), 4096);
  const whole = receiveMessage(there)!;
  assert.deepEqual([whole.data, whole.dataTruncated], [long, false]);
  closeFd(here);
  closeFd(there);
  const [first, second] = socketPair("stream");
  sendMessage(first, { data: long });
  sendMessage(first, { data: bytes("the rest") });
  const begin = receiveMessage(second)!;
  assert.deepEqual([begin.data, begin.dataTruncated], [long, false]);
  assert.equal(text(receiveMessage(second)!.data), "the rest");
  closeFd(first);
  closeFd(second);
});

test("a datagram of more than 4096 bytes is cut off, and says so", async () => {
  const [here, there] = socketPair("datagram");
  const child = spawn("dd", ["if=/dev/zero", "bs=5000", "count=1", "status=none"], {
    stdio: ["ignore", there, "inherit"],
  });
  await once(child, "exit");
  const { data, dataTruncated } = receiveMessage(here)!;
  assert.equal(dataTruncated, true);
  assert.equal(data.length, 4096);
  closeFd(here);
  closeFd(there);
});

test("sendMessage() sends nothing where there is no room, and leaks nothing", () => {
  const [here, there] = socketPair("seqpacket");
  const handle = Pidfd.self();
  const before = countPidfds();
  let count = 0;
  while (sendMessage(here, { descriptors: [handle.fd] }) > 0) assert.ok(++count < 100_000);
  assert.ok(count > 0);
  for (; count > 0; count--) receiveMessage(there)!.descriptors.forEach(closeFd);
  assert.equal(receiveMessage(there), null);
  assert.equal(countPidfds(), before);
  handle.close();
  closeFd(here);
  closeFd(there);
});

test("passSender() names who sent each message, whoever holds the socket", senders, async () => {
  const [here, there] = socketPair();
  passSender(here);
  const helper = new Helper([there], "hand-over", "3");
  await helper.line();
  const { sender, senderError, descriptors: [socket] } = receiveMessage(here)!;
  assert.equal(senderError, null);
  assert.equal(sender!.pid, helper.child.pid);
  assert.equal(isCloseOnExec(sender!.fd), true);
  sendMessage(there, { data: bytes("from us") });
  const ours = receiveMessage(here)!;
  assert.equal(ours.sender!.pid, process.pid);
  ours.sender!.close();
  passSender(here, false);
  sendMessage(there, { data: bytes("from us") });
  assert.equal(receiveMessage(here)!.sender, null);
  closeFd(socket);
  helper.send();
  await helper.exit;
  assert.equal(sender!.isAlive(), false);
  const before = countPidfds();
  sender!.close();
  assert.equal(countPidfds(), before - 1, "it has a descriptor, and only one");
  closeFd(here);
  closeFd(there);
});

test(
  "passSender() names a sender that has ended and was reaped, or says why not",
  senders,
  async () => {
    const [here, there] = socketPair();
    passSender(here);
    const child = spawn("sh", ["-c", "echo gone >&3; exit 9"], {
      stdio: ["ignore", "ignore", "inherit", there],
    });
    await once(child, "exit");
    const { data, sender, senderError } = receiveMessage(here)!;
    assert.equal(text(data), "gone\n");
    if (sender) {
      assert.equal(sender.state(), "reaped");
      assert.equal(sender.status()!.code, 9);
      assertThrows(() => sender.pid, { code: "ESRCH" });
      sender.close();
    } else {
      assert.equal(senderError!.code, "ESRCH", "before Linux 6.16");
    }
    closeFd(here);
    closeFd(there);
  },
);

test("messages lose descriptors, and say so, where no more may be open", async () => {
  const result = await runScript("truncated.ts", { through: ["prlimit", "--nofile=128"] });
  assert.deepEqual(JSON.parse(result.stdout || "null"), {
    controlTruncated: true,
    isFewer: true,
    areAllTold: true,
    leftOver: 0,
    sender: SO_PASSPIDFD.available ? [false, "EMFILE"] : [false, null],
    text: "full",
  }, result.stderr);
});

test("sendMessage() throws ETOOMANYREFS where too many descriptors are on their way", {
  skip: process.getuid!() === 0 ? false : "becoming another user needs root",
}, async () => {
  const through = ["prlimit", "--nofile=128", HELPER, "as", "65534"];
  const result = await runScript("too_many.ts", { through });
  assert.equal(result.stdout.trim(), "PidfdError ETOOMANYREFS sendmsg", result.stderr);
});

test("messages throw what is wrong with the socket", () => {
  const handle = Pidfd.self();
  const [here, there] = socketPair();
  const data = bytes("x");
  for (const action of [() => sendMessage(handle.fd, { data }), () => receiveMessage(handle.fd)]) {
    assertThrows(action, { name: "PidfdError", code: "ENOTSOCK" });
  }
  const none = 2 ** 31 - 1;
  for (const action of [() => sendMessage(none, { data }), () => receiveMessage(none)]) {
    assertThrows(action, { name: "PidfdError", code: "EBADF" });
  }
  assertThrows(() => receiveMessage(none, 1), { name: "PidfdError", code: "EBADF" });
  assertThrows(() => passSender(none), { name: "PidfdError", code: "EBADF" });
  assertThrows(() => passSender(handle.fd), { name: "PidfdError", code: "ENOTSOCK" });
  assertThrows(() => sendMessage(here, { descriptors: [none] }), {
    code: "EBADF",
    message: "sendmsg EBADF: one of the descriptors is not open",
  });
  closeFd(there);
  assertThrows(() => sendMessage(here, { data }), { code: "EPIPE", syscall: "sendmsg" });
  assert.equal(receiveMessage(here)!.data.length, 0);
  closeFd(here);
  const [near, far] = socketPair();
  sendMessage(near, { data });
  closeFd(far);
  assertThrows(() => receiveMessage(near), { code: "ECONNRESET", syscall: "recvmsg" });
  closeFd(near);
  const [first, second] = socketPair("datagram");
  closeFd(second);
  assertThrows(() => sendMessage(first, { data }), { code: "ECONNREFUSED" });
  closeFd(first);
  handle.close();
});

const { pidfd_getfd } = features();
test("messages go over connected Unix sockets alone", {
  skip: pidfd_getfd.available ? false : pidfd_getfd.found,
}, async () => {
  const helper = new Helper("hand-over");
  const [, lonely, internet] = (await helper.line()).split(" ").map(Number);
  const handle = Pidfd.of(helper.child);
  const sockets = [handle.getFd(lonely), handle.getFd(internet)];
  assertThrows(() => sendMessage(sockets[0], {}), { code: "ENOTCONN", syscall: "sendmsg" });
  assertThrows(() => receiveMessage(sockets[0]), { code: "EINVAL", syscall: "recvmsg" });
  const foreign = { code: "EAFNOSUPPORT", message: "sendmsg EAFNOSUPPORT: this is no Unix socket" };
  assertThrows(() => sendMessage(sockets[1], { descriptors: [handle.fd] }), foreign);
  assertThrows(() => passSender(sockets[1]), { code: "EAFNOSUPPORT" });
  sockets.forEach(closeFd);
  handle.close();
  await helper.end();
});

test("messages refuse wrong arguments before any native call", () => {
  const named = /^Cannot send a message: "descriptors\[1\]" must be a number: /;
  assert.throws(() => sendMessage(0, { descriptors: [0, "1" as never] }), { message: named });
  for (const value of WRONG_TYPES) {
    assert.throws(() => sendMessage(value as number, {}), { name: "TypeError" });
    assert.throws(() => receiveMessage(value as number), { name: "TypeError" });
    assert.throws(() => passSender(value as number), { name: "TypeError" });
    assert.throws(() => closeFd(value as number), { name: "TypeError" });
  }
  for (const value of WRONG_NUMBERS) {
    assert.throws(() => sendMessage(value, {}), { name: "RangeError" });
    assert.throws(() => receiveMessage(value), { name: "RangeError" });
    assert.throws(() => receiveMessage(0, value), { name: "RangeError" });
    assert.throws(() => passSender(value), { name: "RangeError" });
    assert.throws(() => closeFd(value), { name: "RangeError" });
    assert.throws(() => sendMessage(0, { descriptors: [value] }), { name: "RangeError" });
  }
  const wrong: unknown[] = [
    undefined,
    null,
    7,
    { data: "text" },
    { data: [1] },
    { data: null },
    { descriptors: 7 },
    { descriptors: null },
    { descriptors: ["7"] },
  ];
  for (const message of wrong) {
    assert.throws(() => sendMessage(0, message as OutgoingMessage), { name: "TypeError" });
  }
  assert.throws(() => sendMessage(0, { data: new Uint8Array(0) }), { name: "RangeError" });
  assert.throws(() => sendMessage(0, { data: new Uint8Array(4097) }), { name: "RangeError" });
  assert.throws(() => sendMessage(0, { descriptors: Array(254).fill(0) }), { name: "RangeError" });
  assert.throws(() => passSender(0, 1 as never), { name: "TypeError" });
  for (const kind of [null, 1, "raw", "toString"]) {
    assert.throws(() => socketPair(kind as never), { name: "TypeError" });
  }
});

test("sendMessage() sends the bytes that are there, whatever becomes of the array", () => {
  const [here, there] = socketPair("datagram");
  let asked = 0;
  const lying = Object.defineProperty(Uint8Array.of(1, 2, 3), "length", {
    get: () => asked++ === 0 ? 1 : 20_000,
  });
  assert.equal(sendMessage(here, { data: lying }), 3);
  assert.deepEqual([...receiveMessage(there)!.data], [1, 2, 3]);
  const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
  const descriptors = Object.defineProperty([here], 0, { get: () => (buffer.resize(0), here) });
  assert.equal(sendMessage(here, { data: new Uint8Array(buffer), descriptors }), 8);
  receiveMessage(there)!.descriptors.forEach(closeFd);
  [here, there].forEach(closeFd);
});

test("the library sends nothing that is behind a record, whatever its counts say", () => {
  const [here, there] = socketPair("datagram");
  const { size, fields } = RECORDS.MessageRecord();
  const record = new Uint8Array(size);
  const view = new DataView(record.buffer);
  new Uint32Array(record.buffer, fields.length[0], 1)[0] = 2 ** 31;
  assert.equal(load().send_message(here, record), 4096);
  new Uint32Array(record.buffer, fields.descriptor_count[0], 1)[0] = 254;
  view.setInt32(fields.descriptors[0], -1);
  assert.equal(load().send_message(here, record), -9, "253 descriptors, and the first is none");
  [here, there].forEach(closeFd);
});

test("receiveMessage() gives a sender the number that a broken handle claims", senders, () => {
  const [here, there] = socketPair("datagram");
  passSender(there);
  sendMessage(here, {});
  const broken = Pidfd.self();
  const { fd } = broken;
  load().close(fd);
  const { sender } = receiveMessage(there)!;
  assert.equal(sender!.fd, fd);
  assert.equal(sender!.pid, process.pid);
  sender!.close();
  broken.detach();
  [here, there].forEach(closeFd);
});

const probe = socketPair();
const prober = new Helper("out-of-band", "3", [probe[0]]);
const hasOutOfBand = await prober.line() === "sent";
await prober.end();
probe.forEach(closeFd);
test("receiveMessage() waits on when a byte comes out of band, which is no message", {
  skip: hasOutOfBand ? false : "Unix sockets send nothing out of band here (Linux 5.15)",
}, async () => {
  const [here, there] = socketPair();
  const helper = new Helper("out-of-band", "3", [there]);
  await helper.line();
  const start = performance.now();
  assert.equal(receiveMessage(here, 50), null);
  assert.ok(performance.now() - start >= 49);
  sendMessage(there, {});
  assert.equal(receiveMessage(here, 60_000)!.data.length, 1);
  await helper.end();
  [here, there].forEach(closeFd);
});

test("sendMessage() checks the very descriptors that it sends", () => {
  const sockets = socketPair();
  for (const later of [2 ** 32, -1, "0", undefined]) {
    let reads = 0;
    const descriptors = Object.defineProperty([sockets[0]], 0, {
      get: () => reads++ === 0 ? sockets[0] : later,
    });
    assert.equal(sendMessage(sockets[0], { descriptors }), 1);
    assert.equal(reads, 1);
    const received = receiveMessage(sockets[1])!.descriptors;
    assert.equal(received.length, 1);
    received.forEach(closeFd);
  }
  sockets.forEach(closeFd);
});

test("closeFd() closes, once, and nothing that a handle owns", () => {
  const handle = Pidfd.self();
  assert.throws(() => closeFd(handle.fd), {
    name: "TypeError",
    message: `Cannot close a descriptor: a Pidfd owns it, close that: ${handle.fd}`,
  });
  assert.equal(handle.isAlive(), true);
  const fd = handle.detach();
  closeFd(fd);
  assertThrows(() => closeFd(fd), { name: "PidfdError", code: "EBADF", syscall: "close" });
});
