import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import {
  closeFd,
  features,
  type NamespaceKind,
  Pidfd,
  receiveMessage,
  sendMessage,
} from "../../mod.ts";
import { assertThrows, WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";

const isRoot = process.getuid!() === 0;
const { pidfd_getfd, PIDFD_GET_NET_NAMESPACE, process_mrelease } = features();
const duplicates = { skip: pidfd_getfd.available ? false : pidfd_getfd.found };
const namespaces = {
  skip: PIDFD_GET_NET_NAMESPACE.available ? false : PIDFD_GET_NET_NAMESPACE.found,
};
const text = (data: Uint8Array) => new TextDecoder().decode(data);

test("getFd() takes a socket out of a process, and it carries data", duplicates, async () => {
  const helper = new Helper("hand-over");
  const [number] = (await helper.line()).split(" ").map(Number);
  const handle = Pidfd.of(helper.child);
  const socket = handle.getFd(number);
  const [, flags] = /^flags:\s+(\d+)$/m.exec(
    readFileSync(`/proc/self/fdinfo/${socket}`, "latin1"),
  )!;
  assert.equal(parseInt(flags, 8) & 0o2000000, 0o2000000, "it is closed on exec");
  helper.send();
  assert.equal(await helper.line(), "listening");
  for (const word of ["taken", "out"]) {
    sendMessage(socket, { data: new TextEncoder().encode(word) });
    assert.equal(text(receiveMessage(socket, 10_000)!.data), word.toUpperCase());
  }
  closeFd(socket);
  assert.deepEqual(await helper.exit, [0, null], "it saw the last holder of its socket close it");
  handle.close();
});

test(
  "getFd() throws EBADF for what is not open there, and ESRCH for who has ended",
  duplicates,
  async () => {
    const helper = await paused();
    const handle = Pidfd.of(helper.child);
    assertThrows(() => handle.getFd(2 ** 31 - 1), {
      name: "PidfdError",
      code: "EBADF",
      syscall: "pidfd_getfd",
      message: `pidfd_getfd EBADF: the process has no such descriptor open, pid ${handle.pid}`,
    });
    await helper.kill();
    assertThrows(() => handle.getFd(0), { code: "ESRCH", syscall: "pidfd_getfd" });
    handle.close();
    assertThrows(() => handle.getFd(0), { code: "EBADF", syscall: "pidfd" });
    const zombie = new Helper("zombie", "3");
    const other = Pidfd.open(Number(await zombie.line()));
    assertThrows(() => other.getFd(0), { code: "ESRCH", syscall: "pidfd_getfd" });
    other.close();
    await zombie.end();
  },
);

/** The ten kinds, and the name of each in /proc/PID/ns. */
const KINDS: NamespaceKind[] = [
  "cgroup",
  "ipc",
  "mnt",
  "net",
  "pid",
  "pid_for_children",
  "time",
  "time_for_children",
  "user",
  "uts",
];

test("namespace() opens each kind of namespace that the process lives in", namespaces, async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  for (const kind of KINDS) {
    const fd = handle.namespace(kind);
    const there = statSync(`/proc/${helper.child.pid}/ns/${kind}`, { bigint: true });
    const here = statSync(`/proc/self/fd/${fd}`, { bigint: true });
    assert.deepEqual([here.dev, here.ino], [there.dev, there.ino], kind);
    const [, flags] = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))!;
    assert.equal(parseInt(flags, 8) & 0o2000000, 0o2000000, "it is closed on exec");
    closeFd(fd);
  }
  await helper.kill();
  assertThrows(() => handle.namespace("net"), { code: "ESRCH", syscall: "ioctl" });
  handle.close();
  assertThrows(() => handle.namespace("net"), { code: "EBADF", syscall: "pidfd" });
});

test("namespace() throws ESRCH for a zombie", namespaces, async () => {
  const zombie = new Helper("zombie", "3");
  const handle = Pidfd.open(Number(await zombie.line()));
  assertThrows(() => handle.namespace("uts"), {
    code: "ESRCH",
    message: `ioctl ESRCH: the process has ended, pid ${handle.pid}`,
  });
  handle.close();
  await zombie.end();
});

test("an unprivileged user takes nothing from root's process", {
  skip: isRoot ? false : "becoming another user needs root",
}, async () => {
  const helper = await paused();
  const result = await runScript("take_from.ts", {
    through: [HELPER, "as", "65534"],
    args: [String(helper.child.pid)],
  });
  const isOld = !PIDFD_GET_NET_NAMESPACE.available;
  assert.deepEqual(JSON.parse(result.stdout || "null"), {
    getFd: ["PidfdError", "EPERM", "pidfd_getfd"],
    namespace: ["PidfdError", isOld ? "ENOTTY" : "EACCES", "ioctl"],
    adviseMemory: ["PidfdError", "EACCES", "process_madvise"],
    releaseMemory: [
      "PidfdError",
      process_mrelease.available ? "EINVAL" : "ENOSYS",
      "process_mrelease",
    ],
  }, result.stderr);
  await helper.kill();
});

/**
 * ioctl(2) PIDFD_GET_NET_NAMESPACE; where an ioctl without data has a direction, that is the
 * highest bits.
 */
const NET_NAMESPACE = process.arch === "ppc64" ? 0x2000FF04 : 0xFF04;

/** What the four calls are made to answer, and what is thrown then. */
const ANSWERS: [errnos: number[], codes: string[]][] = [
  [[38, 25, 38, 38], ["ENOSYS", "ENOTTY", "ENOSYS", "ENOSYS"]],
  [[1, 95, 1, 11], ["EPERM", "EOPNOTSUPP", "EPERM", "EAGAIN"]],
  [[24, 24, 13, 1], ["EMFILE", "EMFILE", "EACCES", "EPERM"]],
  [[23, 23, 22, 22], ["ENFILE", "ENFILE", "EINVAL", "EINVAL"]],
];
test("what is taken from a process throws each errno that the kernel may answer", async () => {
  for (const [errnos, codes] of ANSWERS) {
    const [getFd, namespace, adviseMemory, releaseMemory] = errnos.map(String);
    const through = [
      [HELPER, "deny", "438", getFd],
      [HELPER, "deny-ioctl", String(NET_NAMESPACE), namespace],
      [HELPER, "deny", "440", adviseMemory],
      [HELPER, "deny", "448", releaseMemory],
    ];
    const result = await runScript("take_from_self.ts", { through: through.flat() });
    assert.deepEqual(JSON.parse(result.stdout || "null"), codes, result.stderr);
  }
});

test("getFd() throws ESRCH where the kernel says EBADF of who is ending, as before Linux 6.9", async () => {
  const zombie = new Helper("zombie", "3");
  const pid = await zombie.line();
  const EBADF = "9";
  const through = [HELPER, "deny", "438", EBADF];
  const { stdout, stderr } = await runScript("take_from.ts", { through, args: [pid] });
  assert.deepEqual(
    JSON.parse(stdout || "null").getFd,
    ["PidfdError", "ESRCH", "pidfd_getfd"],
    stderr,
  );
  await zombie.end();
});

test("getFd() and namespace() refuse wrong arguments before any native call", () => {
  const handle = Pidfd.self();
  for (const value of WRONG_TYPES) {
    assert.throws(() => handle.getFd(value as number), {
      name: "TypeError",
      message: /^Cannot duplicate a descriptor: "fd" must be a number: /,
    });
    assert.throws(() => handle.namespace(value as NamespaceKind), {
      name: "TypeError",
      message: /^Cannot open a namespace: "kind" must be one of "cgroup", .*, "uts": /,
    });
  }
  for (const value of WRONG_NUMBERS) {
    assert.throws(() => handle.getFd(value), { name: "RangeError" });
  }
  assert.throws(() => handle.namespace("toString" as NamespaceKind), { name: "TypeError" });
  handle.close();
});
