import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { features, formatIdentity, parseIdentity, Pidfd, type ProcessIdentity } from "../../mod.ts";
import { assertThrows } from "../support/errors.ts";
import { HELPER, Helper, paused, runScript, runtimeCommand } from "../support/processes.ts";

const isRoot = process.getuid!() === 0;
const needsRoot = isRoot ? false : "it needs root";
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const boot = readFileSync(BOOT_ID, "utf8").trim();
const { pidfs, file_handles: handles } = features();
const needsPidfs = pidfs.available ? false : pidfs.found;
/** What makes pidfs unknown, as it was before Linux 6.9: identities go by the start time then. */
const WITHOUT_PIDFS = [HELPER, "deny", "fstatfs", "38"];

/**
 * What makes file handles fail, as they do before Linux 6.14: identities go by pid and inode then.
 */
const WITHOUT_HANDLES = [HELPER, "deny", "open_by_handle_at", "95"];

/** What the looks of recognise.ts answer. */
async function recognise(through: string[], ...args: string[]): Promise<unknown[]> {
  const result = await runScript("recognise.ts", { through, args });
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

/** One that another boot would have. */
function ofAnotherBoot(identity: ProcessIdentity): ProcessIdentity {
  return { ...identity, boot: identity.boot!.replace(/^./, (digit) => digit === "0" ? "1" : "0") };
}

test("identity() is an object for JSON, and a short text", { skip: needsPidfs }, () => {
  const handle = Pidfd.self();
  const identity = handle.identity();
  assert.deepEqual(Object.keys(identity), ["pid", "inode", "boot"]);
  assert.equal(identity.pid, process.pid);
  assert.equal(identity.boot, boot);
  assert.match(identity.inode!, /^[1-9]\d*$/);
  assert.equal(String(identity), `${process.pid}:${identity.inode}@${boot}`);
  assert.ok(Object.isFrozen(identity));
  const stored = JSON.parse(JSON.stringify(identity));
  assert.deepEqual(stored, { pid: process.pid, inode: identity.inode, boot });
  assert.equal(formatIdentity(stored), String(identity));
  assert.deepEqual({ ...parseIdentity(String(identity)) }, stored);
  assert.equal(String(handle.identity()), String(identity), "asked again, it is the same");
  handle.close();
});

test("identities of every form are read and written without a loss", () => {
  const uuid = "9c78a586-21d8-4e53-8f93-477fc0d47db0";
  const forms: [string, ProcessIdentity][] = [
    ["1:1@" + uuid, { pid: 1, inode: "1", boot: uuid }],
    ["2147483647:18446744073709551615", { pid: 2147483647, inode: "18446744073709551615" }],
    [`7:t0@${uuid}/4026531836`, { pid: 7, startTicks: 0, pidNamespace: 4026531836, boot: uuid }],
  ];
  for (const [text, fields] of forms) {
    assert.deepEqual({ ...parseIdentity(text) }, fields);
    for (const end of ["\n", "\r\n"]) assert.deepEqual({ ...parseIdentity(text + end) }, fields);
    assert.equal(formatIdentity(fields), text);
  }
});

test("what is no identity is refused, before anything is looked for", () => {
  const uuid = "9c78a586-21d8-4e53-8f93-477fc0d47db0";
  const texts = [
    "",
    "1",
    "0:1",
    "-1:1",
    "01:1",
    "1:0",
    "1:-1",
    "1:1@",
    "1:1@x",
    `1:1@${uuid} `,
    ` 1:1@${uuid}`,
    `1:1@${uuid}\n\n`,
    `1:1\n@${uuid}`,
    `1:1@${uuid.toUpperCase()}`,
    "2147483648:1",
    "1:18446744073709551616",
    `1:t1@${uuid}`,
    `1:t1@${uuid}/0`,
    `1:t1@${uuid}/4294967296`,
    "1:t1",
    `1:t9999999999999999@${uuid}/1`,
  ];
  const itself: { itself?: unknown } = {};
  itself.itself = itself;
  const objects = [
    null,
    undefined,
    7,
    1n,
    true,
    [],
    {},
    { pid: 1 },
    { pid: "1", inode: "1" },
    { pid: 1.5, inode: "1" },
    { pid: 0, inode: "1" },
    { pid: 1, inode: 1 },
    { pid: 1, inode: 1n },
    { pid: 1, itself },
    { pid: 1, inode: "x" },
    { pid: 1, inode: "1", boot: "x" },
    { pid: 1, inode: "1", boot: 7 },
    { pid: 1, inode: "1", startTicks: 1, pidNamespace: 1, boot: uuid },
    { pid: 1, startTicks: 1, pidNamespace: 1 },
    { pid: 1, startTicks: 1, boot: uuid },
    { pid: 1, startTicks: -1, pidNamespace: 1, boot: uuid },
  ];
  for (const value of [...texts, ...objects]) {
    const refusal = {
      name: "TypeError",
      message:
        /^Cannot reopen a process: it must be a process's identity, such as PID:INODE@BOOT: /,
    };
    assert.throws(() => Pidfd.reopen(value as string), refusal, JSON.stringify(String(value)));
    if (typeof value === "string") assert.throws(() => parseIdentity(value), TypeError);
    else assert.throws(() => formatIdentity(value as never), TypeError);
  }
  assert.throws(() => parseIdentity({ pid: 1, inode: "1" } as never), TypeError);
});

test("reopen() finds the very process by each form, and a second handle of it", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  const identity = handle.identity();
  const forms: (ProcessIdentity | string)[] = [
    identity,
    String(identity),
    JSON.parse(JSON.stringify(identity)),
  ];
  if (pidfs.available) forms.push(`${identity.pid}:${identity.inode}`);
  for (const form of forms) {
    const again = Pidfd.reopen(form)!;
    assert.equal(again.pid, helper.child.pid);
    assert.notEqual(again.fd, handle.fd);
    assert.equal(again.equals(handle), true);
    again.close();
  }
  handle.close();
  await helper.kill();
});

test("reopen() gives null for a process of another boot, and after the reap, not before", async () => {
  const helper = new Helper("zombie", "7");
  const handle = Pidfd.open(Number(await helper.line()));
  const identity = handle.identity();
  assert.equal(Pidfd.reopen(ofAnotherBoot(identity)), null);
  assert.equal(Pidfd.reopen(formatIdentity(ofAnotherBoot(identity))), null);
  const zombie = Pidfd.reopen(identity)!;
  assert.equal(zombie.state(), "exited");
  zombie.close();
  helper.send();
  assert.equal(await helper.line(), "reaped");
  assert.equal(Pidfd.reopen(identity), null);
  if (pidfs.available) assert.equal(String(handle.identity()), String(identity));
  handle.close();
  await helper.end();
});

test("reopen() refuses whoever has the number but not the inode", { skip: needsPidfs }, () => {
  const handle = Pidfd.self();
  const { pid, inode } = handle.identity();
  const other = Pidfd.open(process.ppid).identity();
  assert.equal(Pidfd.reopen(`${pid}:18446744073709551615`), null);
  if (!handles.available) assert.equal(Pidfd.reopen(`${other.pid}:${inode}`), null);
  handle.close();
});

const noHandles = handles.available && needsRoot === false ? false : handles.found;
test("reopen() goes by the inode, not by the pid, where the kernel has file handles", {
  skip: noHandles,
}, async () => {
  const handle = Pidfd.self();
  const { inode, boot } = handle.identity();
  // As a number of another pid namespace would be.
  const again = Pidfd.reopen(`2147483647:${inode}@${boot}`)!;
  assert.equal(again.pid, process.pid);
  again.close();
  handle.close();
  // Of whichever boot it is: by then the inode may be anybody's, and the number must be right too.
  assert.equal(Pidfd.reopen(`2147483647:${inode}`), null);
  assert.equal(Pidfd.reopen(`${process.ppid}:${inode}`), null);
  const wrong = [`reopen=2147483647:${inode}`, `reopen=${process.ppid}:${inode}`];
  const right = `reopen=${process.pid}:${inode}`;
  // EPERM from a profile, ESTALE from a kernel before 6.14: it goes by the pid, and the inode is
  // compared.
  for (const errno of ["1", "116", "95"]) {
    const seen = await recognise([HELPER, "deny", "open_by_handle_at", errno], ...wrong, right);
    assert.deepEqual(seen, [null, null, process.pid]);
  }
});

test("equals() knows two handles of one process, alive or reaped", async () => {
  const helpers = [await paused(), await paused()];
  const [one, other] = helpers.map(({ child }) => Pidfd.of(child));
  const twin = Pidfd.open(one.pid);
  const look = () => [one.equals(twin), one.equals(one), one.equals(other), other.equals(one)];
  assert.deepEqual(look(), [true, true, false, false]);
  for (const helper of helpers) await helper.kill();
  if (pidfs.available) assert.deepEqual(look(), [true, true, false, false]);
  for (const handle of [one, other, twin]) handle.close();
  assertThrows(() => one.equals(other), { name: "PidfdError", code: "EBADF" });
});

test("equals() refuses what is no Pidfd", () => {
  const handle = Pidfd.self();
  for (const value of [null, undefined, 7, {}, { pid: 1, fd: 3 }, Pidfd]) {
    assert.throws(() => handle.equals(value as never), {
      name: "TypeError",
      message: /^Cannot compare processes: "other" must be a Pidfd: /,
    });
  }
  handle.close();
});

test("equals() before Linux 6.9 goes by the pid, as long as there is one", async () => {
  const result = await runScript("same_without_pidfs.ts", {
    through: WITHOUT_PIDFS,
    args: [HELPER],
  });
  assert.deepEqual(JSON.parse(result.stdout || "null"), {
    alive: [true, true, false, false],
    oneReaped: ["ESRCH", true, false, false],
    bothReaped: ["ESRCH", true, "ESRCH", "ESRCH"],
  }, result.stderr);
});

const KERNELS: [when: string, through: string[]][] = [
  ["", []],
  [", before Linux 6.14 too", WITHOUT_HANDLES],
  [", before Linux 6.9 too", WITHOUT_PIDFS],
];
for (const [when, through] of KERNELS) {
  test(`a handle, an identity and a pid file refuse the stranger with the same pid${when}`, {
    skip: needsRoot,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "pidfd-"));
    const args = ["50", HELPER, join(folder, "service.pid")];
    const result = await runScript("recycle.ts", { through, args });
    const names = ["samePid", "killHits", "handle", "identity", "text", "pidfile", "unharmed"];
    const counts = Object.fromEntries(names.map((name) => [name, 50]));
    const expected = { rounds: 50, pidfs: through !== WITHOUT_PIDFS && pidfs.available, counts };
    assert.deepEqual(JSON.parse(result.stdout || "null"), expected, result.stderr);
    rmSync(folder, { recursive: true });
  });

  test(`a program that was killed finds its old worker again, and none after a reboot${when}`, {
    skip: needsRoot,
  }, async () => {
    const file = fileURLToPath(new URL("../fixtures/worker_of_service.ts", import.meta.url));
    const [program, ...args] = runtimeCommand(file, { through, args: ["start", HELPER] });
    const service = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    const exit = once(service, "exit");
    const [line] = await once(service.stdout, "data");
    service.kill("SIGKILL");
    await exit;
    const stored = String(line).trim();
    const find = async (identity: string, ...before: string[]) => {
      const options = { through: [...before, ...through], args: ["find", identity] };
      const result = await runScript("worker_of_service.ts", options);
      assert.equal(result.code, 0, result.stderr);
      return JSON.parse(result.stdout);
    };
    const gone = { found: false, ended: false };
    assert.deepEqual(await find(JSON.stringify(ofAnotherBoot(JSON.parse(stored)))), gone);
    const folder = mkdtempSync(join(tmpdir(), "pidfd-"));
    const otherBoot = join(folder, "boot_id");
    writeFileSync(otherBoot, ofAnotherBoot({ pid: 1, boot }).boot + "\n");
    assert.deepEqual(await find(stored, HELPER, "mount-file", otherBoot, BOOT_ID), gone);
    assert.deepEqual(await find(stored), { found: true, ended: true });
    // Whether its new parent has reaped it by now is not ours to say; signalled it is no more.
    assert.equal((await find(stored)).ended, false);
    rmSync(folder, { recursive: true });
  });
}

test("identity() before Linux 6.9 has the start time, the boot and the pid namespace", async () => {
  const [text] = await recognise(WITHOUT_PIDFS, `identity=${process.pid}`);
  const handle = Pidfd.self();
  const { startTicks, namespaces } = handle.info();
  assert.equal(text, `${process.pid}:t${startTicks}@${boot}/${namespaces!.pid}`);
  const again = Pidfd.reopen(text as string)!;
  assert.equal(again.equals(handle), true);
  again.close();
  const other = (text as string).replace(`t${startTicks}`, `t${startTicks! + 1}`);
  assert.equal(Pidfd.reopen(other), null);
  assert.equal(
    Pidfd.reopen((text as string).replace(/.$/, (digit) => `${9 - Number(digit)}`)),
    null,
  );
  assert.equal(Pidfd.reopen((text as string).replace(/^\d+/, "2147483647")), null);
  handle.close();
});

test("identity() and reopen() throw where it can't be told", { skip: needsRoot }, async () => {
  const handle = Pidfd.self();
  const text = String(handle.identity());
  const [old] = await recognise(WITHOUT_PIDFS, `identity=${process.pid}`);
  const empty = [HELPER, "mount-empty", "/proc/sys/kernel/random"];
  assert.deepEqual(
    await recognise(empty, `identity=${process.pid}`, `reopen=${text}`),
    ["ENOENT read", "ENOENT read"],
  );
  const hidden = [HELPER, "mount-proc", "hidepid=2", HELPER, "as", "65534", ...WITHOUT_PIDFS];
  assert.deepEqual(
    await recognise(hidden, `identity=${process.pid}`, `reopen=${old}`),
    ["ENOENT read", "ENOENT read"],
  );
  if (pidfs.available) {
    assert.deepEqual(await recognise(WITHOUT_PIDFS, `reopen=${text}`), ["EOPNOTSUPP fstatfs"]);
  }
  handle.close();
});

test(
  "reopen() finds nobody who can't be seen from our pid namespace",
  { skip: needsRoot },
  async () => {
    const handle = Pidfd.self();
    const text = String(handle.identity());
    const [old] = await recognise(WITHOUT_PIDFS, `identity=${process.pid}`);
    const isolated = [HELPER, "in-pid-namespace", String(process.pid), HELPER, "mount-proc", "ro"];
    const seen = await recognise(isolated, `reopen=${text}`, `reopen=${old}`);
    assert.deepEqual(seen, [null, null]);
    handle.close();
  },
);

test("identity() throws EBADF on a closed handle", () => {
  const handle = Pidfd.self();
  handle.close();
  assertThrows(() => handle.identity(), { name: "PidfdError", code: "EBADF" });
});
