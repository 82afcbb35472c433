import assert from "node:assert/strict";
import { test } from "node:test";
import { once } from "node:events";
import { connect } from "node:net";
import { closeFd, features, Pidfd, PidfdOpenFailedError, socketFd, socketPair } from "../../mod.ts";
import { listen } from "../support/abstract.ts";
import { countPidfds } from "../support/descriptors.ts";
import { assertThrows, WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { HELPER, Helper, runScript } from "../support/processes.ts";
import { ending, exitedWith, UNKNOWN } from "../support/statuses.ts";

const { SO_PEERPIDFD, PIDFD_INFO_EXIT } = features();
const peers = { skip: SO_PEERPIDFD.available ? false : SO_PEERPIDFD.found };

test("peer() opens who has connected, and knows it after its end", peers, async () => {
  const { name, server, accept } = await listen();
  const accepting = accept();
  const helper = new Helper("connect", name, "11");
  assert.equal(await helper.line(), "connected");
  const socket = await accepting;
  const handle = Pidfd.peer(socketFd(socket));
  assert.equal(handle.pid, helper.child.pid);
  assert.equal(handle.isAlive(), true);
  await helper.end();
  assert.equal(handle.state(), "reaped");
  const told = PIDFD_INFO_EXIT.available ? exitedWith(11) : UNKNOWN;
  assert.deepEqual(ending(handle.status()), told);
  handle.close();
  socket.destroy();
  server.close();
});

test("peer() opens who had connected, and has ended and was reaped since", peers, async () => {
  const { name, server, accept } = await listen();
  const accepting = accept();
  const helper = new Helper("connect", name, "11");
  assert.equal(await helper.line(), "connected");
  const socket = await accepting;
  await helper.end();
  let handle: Pidfd | undefined;
  try {
    handle = Pidfd.peer(socketFd(socket));
  } catch (error) {
    // Before Linux 6.16 the kernel refuses, and no stranger is opened either.
    assert.ok(error instanceof PidfdOpenFailedError);
    assert.equal(error.code, "ESRCH");
  }
  if (handle) {
    assert.equal(handle.state(), "reaped");
    assert.equal(handle.signal("SIGKILL"), false);
    assert.deepEqual(ending(handle.status()), exitedWith(11));
    assertThrows(() => handle.pid, { code: "ESRCH" });
    handle.close();
  }
  socket.destroy();
  server.close();
});

test("peer() of a pair's end is who made the pair, and leaves the socket as it is", peers, () => {
  const sockets = socketPair();
  const before = countPidfds();
  for (const socket of sockets) {
    const handle = Pidfd.peer(socket);
    assert.equal(handle.pid, process.pid);
    handle.close();
  }
  assert.equal(countPidfds(), before);
  sockets.forEach(closeFd);
});

const { pidfd_getfd } = features();
test("peer() throws ENODATA for a socket that has no peer", {
  skip: SO_PEERPIDFD.available && pidfd_getfd.available ? false : pidfd_getfd.found,
}, async () => {
  const helper = new Helper("hand-over");
  const [, lonely] = (await helper.line()).split(" ").map(Number);
  const handle = Pidfd.of(helper.child);
  const socket = handle.getFd(lonely);
  assertThrows(() => Pidfd.peer(socket), {
    name: "PidfdOpenFailedError",
    code: "ENODATA",
    errno: -61,
    syscall: "getsockopt",
    message:
      "getsockopt ENODATA: this socket has no peer: it is no Unix socket, or is not connected",
  });
  closeFd(socket);
  handle.close();
  await helper.end();
});

test(
  "peer() throws ENODATA for a socket that listens, whose peer the kernel says is itself",
  peers,
  async () => {
    const { name, server, accept } = await listen();
    assertThrows(() => Pidfd.peer(socketFd(server)), { code: "ENODATA" });
    const accepting = accept();
    const client = connect(`\0${name}`);
    const socket = await accepting;
    assert.equal(Pidfd.peer(socketFd(socket)).pid, process.pid, "the accepted one has one");
    client.destroy();
    socket.destroy();
    server.close();
  },
);

test("peer() throws ENOTSOCK and EBADF for what is no socket", () => {
  const handle = Pidfd.self();
  assertThrows(() => Pidfd.peer(handle.fd), { name: "PidfdOpenFailedError", code: "ENOTSOCK" });
  handle.close();
  assertThrows(() => Pidfd.peer(2 ** 31 - 1), { name: "PidfdOpenFailedError", code: "EBADF" });
});

const ANSWERS: [errno: number, code: string][] = [
  [92, "ENOPROTOOPT"], // Before Linux 6.5.
  [22, "ESRCH"], // The peer was reaped, before Linux 6.16.
  [3, "ESRCH"],
  [24, "EMFILE"],
  [23, "ENFILE"],
];
test("peer() throws what the kernel means by its answer", async () => {
  for (const [errno, code] of ANSWERS) {
    const SO_PEERPIDFD = "77";
    const filter = ["deny-flag", String(GETSOCKOPT), "2", SO_PEERPIDFD, String(errno)];
    const result = await runScript("sockets.ts", { through: [HELPER, ...filter] });
    const { peer } = JSON.parse(result.stdout || "null");
    const isShortage = code.endsWith("FILE");
    assert.deepEqual(peer, ["PidfdOpenFailedError", code, "getsockopt", isShortage], result.stderr);
  }
});

test("passSender() and socketPair() throw what the kernel answers", async () => {
  const SO_PASSPIDFD = "76";
  const filter = ["deny-flag", String(SETSOCKOPT), "2", SO_PASSPIDFD, "92"];
  const old = await runScript("sockets.ts", { through: [HELPER, ...filter] });
  assert.deepEqual(JSON.parse(old.stdout || "null").passSender, [
    "PidfdError",
    "ENOPROTOOPT",
    "setsockopt",
    false,
  ], old.stderr);
  for (const [errno, code] of [[24, "EMFILE"], [23, "ENFILE"], [12, "ENOMEM"]] as const) {
    const through = [HELPER, "deny-flag", String(SOCKETPAIR), "1", String(0x80001), String(errno)];
    const { stdout, stderr } = await runScript("sockets.ts", { through });
    const wanted = { socketPair: ["PidfdError", code, "socketpair", true] };
    assert.deepEqual(JSON.parse(stdout || "null"), wanted, stderr);
  }
});

/** getsockopt(2), setsockopt(2) and socketpair(2) by the CPU; the others have the same. */
const SOCKET_CALLS: Partial<Record<string, [get: number, set: number, pair: number]>> = {
  x64: [55, 54, 53],
  ppc64: [340, 339, 333],
  s390x: [365, 366, 360],
  arm: [295, 294, 288],
};
const [GETSOCKOPT, SETSOCKOPT, SOCKETPAIR] = SOCKET_CALLS[process.arch] ?? [209, 208, 199];

test("peer() and socketFd() refuse wrong arguments before any native call", async () => {
  for (const value of WRONG_TYPES) {
    assert.throws(() => Pidfd.peer(value as number), {
      name: "TypeError",
      message: /^Cannot open a socket's peer: "socketFd" must be a number: /,
    });
    assert.throws(() => socketFd(value as object), {
      name: "TypeError",
      message: /^Cannot find a socket's descriptor: /,
    });
  }
  for (const value of WRONG_NUMBERS) {
    assert.throws(() => Pidfd.peer(value), { name: "RangeError" });
    assert.throws(() => socketFd({ fd: value }), { name: "TypeError" });
  }
  const { server } = await listen();
  server.close();
  await once(server, "close");
  assert.throws(() => socketFd(server), { name: "TypeError" }, "it is closed");
  const fd = Pidfd.self().detach();
  assertThrows(() => socketFd({ fd }), { code: "ENOTSOCK" });
  closeFd(fd);
});

test("socketFd() says what to use instead of a socket of Deno's own", () => {
  const { Deno } = globalThis as { Deno?: { listen(options: object): Disposable } };
  const own = Deno?.listen({ hostname: "127.0.0.1", port: 0 });
  for (const socket of [own ?? {}, { localAddr: {} }, { addr: {} }].slice(own ? 0 : 1)) {
    assert.throws(() => socketFd(socket), { name: "TypeError", message: /use node:net/ });
  }
  own?.[Symbol.dispose]();
});
