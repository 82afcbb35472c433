import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { test } from "node:test";
import {
  closeFd,
  features,
  passCredentials,
  passSender,
  peerCredentials,
  Pidfd,
  receiveMessage,
  sendMessage,
  socketFd,
  socketPair,
  waitForMessage,
} from "../../mod.ts";
import { listen } from "../support/abstract.ts";
import { assertThrows, WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { HELPER, Helper } from "../support/processes.ts";

const needsRoot = process.getuid!() === 0 ? false : "it needs root";
const { SO_PEERPIDFD } = features();
const peers = SO_PEERPIDFD.available ? needsRoot : SO_PEERPIDFD.found;
const NOBODY = 65534;

test("who connects without rights, and then executes a setuid program, stays who it was", {
  skip: peers,
}, async (t) => {
  const folder = mkdtempSync(`${tmpdir()}/pidfd-`);
  chmodSync(folder, 0o755);
  const setuid = `${folder}/setuid`;
  copyFileSync(HELPER, setuid);
  chmodSync(setuid, 0o4755);
  const { name, server, accept } = await listen();
  const accepting = accept();
  const as = ["as", String(NOBODY), HELPER];
  const attacker = new Helper(...as, "connect-exec", name, setuid, "pause");
  assert.equal(await attacker.line(), "connected");
  const socket = await accepting;
  const fd = socketFd(socket);
  passSender(fd);
  attacker.send();
  assert.equal(await attacker.line(), "ready", "it runs as root now, and its child has the socket");
  const peer = Pidfd.peer(fd);
  const { sender, credentials } = await waitForMessage(fd, { timeoutMs: 10_000 });
  // What the system says of the present is what the attacker wants to be believed.
  const present = [peer, sender!].map((handle) => handle.info().credentials?.euid);
  const pid = attacker.child.pid!;
  assert.deepEqual(peerCredentials(fd), { pid, uid: NOBODY, gid: NOBODY, groups: [] });
  assert.deepEqual(credentials, { pid, uid: NOBODY, gid: NOBODY });
  for (const handle of [peer, sender!]) handle.close();
  attacker.child.stdin!.end();
  await attacker.kill();
  socket.destroy();
  server.close();
  rmSync(folder, { recursive: true });
  if (present.includes(NOBODY)) t.skip(`${tmpdir()} does not take setuid programs`);
  else assert.deepEqual(present, [0, 0]);
});

test("peerCredentials() of a pair are our own", () => {
  const sockets = socketPair("datagram");
  const gid = process.getegid!();
  for (const socket of sockets) {
    const { groups, ...credentials } = peerCredentials(socket);
    assert.deepEqual(credentials, { pid: process.pid, uid: process.geteuid!(), gid });
    const mine = process.getgroups!().filter((group) => group !== gid || groups!.includes(group));
    assert.deepEqual([...groups!].sort(), mine.sort());
  }
  sockets.forEach(closeFd);
});

test("peerCredentials() lists all groups, however many there are", {
  skip: needsRoot,
}, async () => {
  const groups = Array.from({ length: 700 }, (_, index) => 1000 + index);
  const { name, server, accept } = await listen();
  const accepting = accept();
  const many = new Helper("with-groups", "700", HELPER, "connect", name, "0");
  assert.equal(await many.line(), "connected");
  const socket = await accepting;
  assert.deepEqual(peerCredentials(socketFd(socket)).groups, groups);
  await many.end();
  socket.destroy();
  server.close();
});

test("peerCredentials() throws where there is no peer, or no Unix socket", async () => {
  const { server } = await listen();
  const noPeer = { name: "PidfdError", code: "ENODATA", syscall: "getsockopt" };
  assertThrows(() => peerCredentials(socketFd(server)), noPeer);
  server.close();
  const internet = createServer();
  internet.listen(0, "127.0.0.1");
  await once(internet, "listening");
  // Deno's sockets of the Internet tell no descriptor.
  if (!("Deno" in globalThis)) {
    const expected = { code: "EAFNOSUPPORT", syscall: "getsockopt" };
    assertThrows(() => peerCredentials(socketFd(internet)), expected);
  }
  internet.close();
  const handle = Pidfd.self();
  for (const call of [peerCredentials, passCredentials]) {
    assertThrows(() => call(handle.fd), { name: "PidfdError", code: "ENOTSOCK" });
    assertThrows(() => call(2 ** 31 - 1), { name: "PidfdError", code: "EBADF" });
  }
  handle.close();
});

test("passCredentials() brings the sender's credentials with each message, until it is ended", () => {
  const [here, there] = socketPair("seqpacket");
  const receive = () => {
    sendMessage(here, { data: new Uint8Array(1) });
    return receiveMessage(there)!;
  };
  assert.equal(receive().credentials, null);
  passCredentials(there);
  const own = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() };
  const { credentials, sender } = receive();
  assert.deepEqual([credentials, sender], [own, null]);
  passCredentials(there, false);
  assert.equal(receive().credentials, null);
  closeFd(here);
  closeFd(there);
});

test("the end of a connection was sent by nobody", () => {
  for (const kind of ["stream", "seqpacket"] as const) {
    for (const pass of SO_PEERPIDFD.available ? [passCredentials, passSender] : [passCredentials]) {
      const [here, there] = socketPair(kind);
      pass(there);
      sendMessage(here, {});
      closeFd(here);
      const own = receiveMessage(there)!;
      assert.equal(own.credentials?.uid, process.getuid!(), kind);
      own.sender?.close();
      const { data, credentials, sender, senderError } = receiveMessage(there)!;
      assert.deepEqual(
        [data.length, credentials, sender, senderError],
        [0, null, null, null],
        kind,
      );
      closeFd(there);
    }
  }
});

test("an empty message of a datagram socket has its sender's credentials", {
  skip: "Deno" in globalThis ? "its node:fs writes to no descriptor of others" : false,
}, () => {
  const [here, there] = socketPair("datagram");
  passCredentials(there);
  writeSync(here, new Uint8Array(0));
  const { data, credentials } = receiveMessage(there)!;
  assert.deepEqual([data.length, credentials?.uid], [0, process.getuid!()]);
  closeFd(here);
  closeFd(there);
});

test("descriptors, a sender and credentials come with one message", {
  skip: SO_PEERPIDFD.available ? false : SO_PEERPIDFD.found,
}, () => {
  const [here, there] = socketPair();
  passSender(there);
  sendMessage(here, { descriptors: [here, there] });
  const { credentials, sender, descriptors } = receiveMessage(there)!;
  assert.deepEqual([credentials!.pid, sender!.pid], [process.pid, process.pid]);
  assert.equal(descriptors.length, 2);
  sender!.close();
  passSender(there, false);
  sendMessage(here, {});
  const after = receiveMessage(there)!;
  assert.deepEqual([after.credentials, after.sender], [null, null]);
  [here, there, ...descriptors].forEach(closeFd);
});

test("peerCredentials() and passCredentials() refuse wrong arguments before any native call", () => {
  const [here, there] = socketPair();
  for (const call of [peerCredentials, passCredentials]) {
    for (const value of WRONG_TYPES) {
      assert.throws(() => call(value as number), {
        name: "TypeError",
        message: /^Cannot .+: "socketFd" must be a number: /,
      });
    }
    for (const value of WRONG_NUMBERS) assert.throws(() => call(value), { name: "RangeError" });
  }
  for (const value of [null, 1, "yes"]) {
    assert.throws(() => passCredentials(here, value as never), {
      name: "TypeError",
      message: /^Cannot ask for credentials: "isWanted" must be true or false: /,
    });
  }
  [here, there].forEach(closeFd);
});
