import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { features, Pidfd, type ProcessInfo } from "../../mod.ts";
import { assertThrows } from "../support/errors.ts";
import { allPids, cgroupMount, readProcess } from "../support/proc.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";

const isRoot = process.getuid!() === 0;
const GET_INFO = String(0xC058FF0B);
const { PIDFD_GET_INFO, PIDFD_INFO_EXIT } = features();
const asksKernel = PIDFD_GET_INFO.available;

/**
 * Without what no second reading can give: the time by today's clock to the millisecond, and what
 * is not in /proc.
 */
function comparable(info: Partial<ProcessInfo>) {
  const { startTime: _1, state: _2, coreDump: _3, exit: _4, ...rest } = info;
  return rest;
}

/** Holds info() against /proc for one pid; false where the process changed meanwhile. */
function compare(pid: number): boolean {
  const handle = Pidfd.open(pid);
  try {
    const before = readProcess(pid);
    const info = handle.info();
    const after = readProcess(pid);
    if (!before || JSON.stringify(comparable(before), bigints) !== stringified(after)) return false;
    const expected = comparable(before);
    // A zombie stays in a cgroup whose folder is gone, so nobody but the kernel can tell its id.
    const hasFolder = cgroupMount() !== undefined && !expected.cgroupPath?.endsWith(" (deleted)");
    if (!asksKernel || !hasFolder) expected.cgroupId = info.cgroupId;
    if (expected.cgroupId === undefined) delete expected.cgroupId;
    assert.deepEqual(comparable(info), expected);
    const difference = Math.abs(info.startTime!.getTime() - before.startTime!.getTime());
    // The kernel tells its own start in whole seconds, so the two may differ by one.
    assert.ok(difference <= 1100, `${info.startTime} is not ${before.startTime}`);
    return true;
  } finally {
    handle.close();
  }
}

function bigints(_: string, value: unknown) {
  return typeof value === "bigint" ? String(value) : value;
}

function stringified(info: Partial<ProcessInfo> | undefined): string {
  return JSON.stringify(info && comparable(info), bigints);
}

test("info() tells of each live process what /proc tells, kernel threads too", async () => {
  const crowd = new Helper("crowd", "200");
  const made: number[] = [];
  for (let count = 0; count < 200; count++) made.push(Number(await crowd.line()));
  const compared: number[] = [];
  for (const pid of allPids()) {
    try {
      if (compare(pid)) compared.push(pid);
    } catch (error) {
      // It was there when the folder was read.
      if ((error as { code?: string }).code !== "ESRCH") throw error;
    }
  }
  for (const pid of made) assert.ok(compared.includes(pid), `${pid} was not compared`);
  const thread = readProcess(2);
  if (thread?.isKernelThread) assert.ok(compared.includes(2), "a kernel thread was not compared");
  await crowd.kill();
});

test("info() of this process", () => {
  const handle = Pidfd.self();
  const info = handle.info();
  assert.equal(info.state, "running");
  assert.equal(info.pid, process.pid);
  assert.equal(info.tgid, process.pid);
  assert.equal(info.ppid, process.ppid);
  assert.equal(info.credentials!.euid, process.geteuid!());
  assert.equal(info.isKernelThread, false);
  assert.ok(info.startTime! <= new Date());
  assert.ok(info.startTime!.getTime() > Date.now() - 3_600_000);
  assert.equal(info.startTicks, handle.info().startTicks);
  assert.ok(!("exit" in info), "what can't be told is absent");
  handle.close();
});

test("info() takes a name for a name, whatever stands in it", async () => {
  const name = ") R 1 (x";
  const child = spawn("sh", ["-c", `printf '%s' '${name}' > /proc/$$/comm; echo; read end`]);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const handle = Pidfd.of(child);
  const info = handle.info();
  assert.equal(info.name, name);
  assert.equal(info.ppid, process.pid);
  child.stdin.end();
  await handle.exited;
  handle.close();
});

const mount = cgroupMount();
const noCgroups = !isRoot || mount === undefined || !asksKernel;
test("info() tells the cgroup by path and by id", {
  skip: noCgroups ? "making a cgroup needs root, cgroup v2 and PIDFD_GET_INFO" : false,
}, async () => {
  const path = `/pidfd-test-${process.pid}`;
  const folder = `${mount}${path}`;
  const helper = await paused();
  mkdirSync(folder);
  try {
    writeFileSync(`${folder}/cgroup.procs`, String(helper.child.pid));
    const handle = Pidfd.of(helper.child);
    const { cgroupPath, cgroupId } = handle.info();
    assert.equal(cgroupPath, path);
    assert.equal(cgroupId, String(statSync(folder, { bigint: true }).ino));
    handle.close();
  } finally {
    await helper.kill();
    rmdirSync(folder);
  }
});

test("info() of a zombie, and of one that was reaped", async () => {
  const helper = new Helper("zombie", "42");
  const pid = Number(await helper.line());
  const handle = Pidfd.open(pid);
  const zombie = handle.info();
  assert.equal(zombie.state, "exited");
  assert.equal(zombie.pid, pid);
  assert.equal(zombie.ppid, helper.child.pid);
  assert.equal(zombie.name, "helper");
  assert.equal(zombie.credentials!.ruid, process.getuid!());
  for (const field of ["executable", "exit"]) assert.ok(!(field in zombie), field);
  assert.ok(compare(pid));
  helper.send();
  assert.equal(await helper.line(), "reaped");
  const { cgroupId, ...reaped } = handle.info();
  const exit = { known: true, success: false, code: 42, signal: null, coreDumped: false };
  assert.deepEqual(
    reaped,
    PIDFD_INFO_EXIT.available ? { state: "reaped", exit } : { state: "reaped" },
  );
  if (PIDFD_INFO_EXIT.available) assert.equal(cgroupId, zombie.cgroupId);
  handle.close();
  await helper.end();
});

test("info() tells how an own child ended, as soon as it has", () => {
  const handle = Pidfd.of(spawn(HELPER, ["exit", "7"]));
  handle.waitSync();
  assert.equal(handle.info().exit!.code, 7);
  handle.close();
});

type Answer = { info: ProcessInfo; identity: string };

async function infoThrough(through: string[], ...args: string[]): Promise<Answer[]> {
  const result = await runScript("info.ts", { through, args });
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

const isRestricted = isRoot ? false : "becoming another user needs root";
test("info() as an unprivileged user tells all but program and namespaces of root's process", {
  skip: isRestricted,
}, async () => {
  const [{ info, identity }] = await infoThrough([HELPER, "as", "65534"], String(process.pid));
  const { executable: _, namespaces: __, ...told } = comparable(readProcess(process.pid)!);
  const { threads: ___, ...stable } = told;
  const { threads: ____, ...seen } = comparable(info);
  const expected = { ...stable, cgroupId: seen.cgroupId };
  if (seen.cgroupId === undefined) delete expected.cgroupId;
  assert.deepEqual(seen, expected);
  const handle = Pidfd.self();
  assert.equal(identity, String(handle.identity()));
  handle.close();
});

test(
  "info() where /proc hides others tells what the kernel tells",
  { skip: isRestricted },
  async () => {
    const through = [HELPER, "mount-proc", "hidepid=2", HELPER, "as", "65534"];
    const [{ info }] = await infoThrough(through, String(process.pid));
    const fields = ["state", "pid", "tgid", "ppid", "credentials", "cgroupId", "coreDump"];
    const expected = asksKernel ? fields : ["state", "pid"];
    assert.deepEqual(Object.keys(info).filter((name) => !expected.includes(name)), []);
    assert.equal(info.pid, process.pid);
    if (asksKernel) assert.equal(info.ppid, process.ppid);
  },
);

test("info() where PIDFD_GET_INFO is missing has the same from /proc", async () => {
  const helper = await paused();
  const pid = String(helper.child.pid);
  const [{ info }] = await infoThrough([HELPER, "deny-ioctl", GET_INFO, "25"], pid);
  const { cgroupId: _, ...expected } = comparable(readProcess(helper.child.pid!)!);
  assert.deepEqual(comparable(info), expected);
  assert.equal(info.state, "running");
  await helper.kill();
});

test("info() tells users and groups as they are seen from our user namespace", {
  skip: isRestricted,
}, async () => {
  const other = new Helper("as", "1234", HELPER, "pause");
  await other.line();
  const pids = [String(process.pid), String(other.child.pid)];
  const same = (id: number) => ({
    ruid: id,
    rgid: id,
    euid: id,
    egid: id,
    suid: id,
    sgid: id,
    fsuid: id,
    fsgid: id,
  });
  for (const deny of [[], [HELPER, "deny-ioctl", GET_INFO, "25"]]) {
    const ids = async (...through: string[]) => {
      const answers = await infoThrough([...through, ...deny], ...pids);
      return answers.map(({ info }) => info.credentials);
    };
    // One that has no number there is 65534, as everywhere in Linux.
    assert.deepEqual(await ids(HELPER, "in-user-namespace", "7"), [same(7), same(65534)]);
    assert.deepEqual(await ids(HELPER, "in-user-namespace", "4294967295"), [
      same(65534),
      same(65534),
    ]);
  }
  const handle = Pidfd.of(other.child);
  assert.deepEqual(handle.info().credentials, same(1234), "from here it is its own number");
  handle.close();
  await other.kill();
});

test(
  "info() of a process in another pid namespace tells its state",
  { skip: isRestricted },
  async () => {
    const helper = await paused();
    const pid = String(helper.child.pid);
    const isolated = [HELPER, "in-pid-namespace", pid, HELPER, "mount-proc", "ro"];
    const [{ info, identity }] = await infoThrough(isolated, "fd");
    assert.deepEqual(info, { state: "running" });
    assert.equal(identity, "EREMOTE");
    await helper.kill();
  },
);

test("info() takes no number from a /proc that counts in another pid namespace", {
  skip: isRestricted,
}, async () => {
  const helper = await paused();
  const pid = String(helper.child.pid);
  for (const deny of [[], [HELPER, "deny-ioctl", GET_INFO, "25"]]) {
    // The /proc of the outer namespace is still mounted: what it tells is right, but for the
    // numbers.
    const [{ info }] = await infoThrough([HELPER, "in-pid-namespace", pid, ...deny], "fd");
    assert.equal(info.name, "helper");
    assert.equal(info.startTicks, readProcess(helper.child.pid!)!.startTicks);
    for (const field of ["pid", "tgid", "ppid"]) assert.ok(!(field in info), field);
  }
  await helper.kill();
});

test("info() throws EMFILE when no descriptor is free, and works again", async () => {
  const result = await runScript("info_emfile.ts", { through: ["prlimit", "--nofile=128"] });
  assert.deepEqual(JSON.parse(result.stdout), { code: "EMFILE", after: true }, result.stderr);
});

test("info() throws EBADF on a closed handle", () => {
  const handle = Pidfd.self();
  handle.close();
  assertThrows(() => handle.info(), { name: "PidfdError", code: "EBADF" });
});
