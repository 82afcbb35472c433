import assert from "node:assert/strict";
import { constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { features, Pidfd } from "../../mod.ts";
import { HELPER, runScript } from "../support/processes.ts";

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;

const isRoot = process.getuid!() === 0;
const needsRoot = isRoot ? false : "it needs root";
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const SHORTAGES: [errno: number, code: string][] = [[24, "EMFILE"], [23, "ENFILE"], [12, "ENOMEM"]];

/**
 * Has every openat(2) with exactly these flags fail, which the library uses and the runtimes do
 * not.
 */
function refused(flags: number, errno: number): string[] {
  return [HELPER, "deny-flag", "openat", "2", String(flags), String(errno)];
}

/** What the looks of recognise.ts answer. */
async function look(through: string[], ...args: string[]): Promise<unknown[]> {
  const result = await runScript("recognise.ts", { through, args });
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

test("info() throws each shortage of descriptors and memory", async () => {
  for (const [errno, code] of SHORTAGES) {
    const through = refused(O_PATH | O_DIRECTORY | O_CLOEXEC, errno);
    assert.deepEqual(await look(through, `info=${process.pid}`), [`${code} open`]);
  }
});

test("info() leaves out what /proc refuses to tell", async () => {
  for (const errno of [2, 13]) {
    const through = refused(O_PATH | O_DIRECTORY | O_CLOEXEC, errno);
    assert.deepEqual(await look(through, `info=${process.pid}`), [process.pid]);
  }
});

test("processes() throws each error of opening /proc", async () => {
  for (const [errno, code] of [[2, "ENOENT"], ...SHORTAGES] as const) {
    const through = refused(O_DIRECTORY | O_CLOEXEC, errno);
    assert.deepEqual(await look(through, "processes="), [`${code} open`]);
  }
});

test("identity() and reopen() throw EACCES where /proc does not tell the boot", {
  skip: needsRoot,
}, async () => {
  const handle = Pidfd.self();
  const identity = String(handle.identity());
  handle.close();
  // Root's memory in the place of the boot's id: nobody else may open it.
  const mount = [HELPER, "mount-file", `/proc/${process.pid}/mem`, BOOT_ID, HELPER, "as", "65534"];
  const seen = await look(mount, `identity=${process.pid}`, `reopen=${identity}`);
  assert.deepEqual(seen, ["EACCES read", "EACCES read"]);
});

test("identity() throws what a failed look answers, and does not change its form", async () => {
  for (const [errno, code] of [[12, "ENOMEM"], [1, "EPERM"]] as const) {
    const through = [HELPER, "deny", "fstatfs", String(errno)];
    assert.deepEqual(await look(through, `identity=${process.pid}`), [`${code} fstatfs`]);
  }
});

test("before Linux 6.9, EACCES of the start time is identity()'s, and a bare pid's in a pid file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pidfd-"));
  const path = join(folder, "service.pid");
  const withoutPidfs = [HELPER, "deny", "fstatfs", "38"];
  const [identity] = await look(withoutPidfs, `identity=${process.pid}`);
  const [written] = await look([], `bare=${path}`, `pidfile=${path}`);
  assert.equal(written, null);
  const through = [...withoutPidfs, ...refused(O_PATH | O_DIRECTORY | O_CLOEXEC, 13)];
  const seen = await look(
    through,
    `identity=${process.pid}`,
    `reopen=${identity}`,
    `bare=${path}`,
    `pidfile=${path}`,
  );
  assert.deepEqual(seen, ["EACCES read", "EACCES read", null, "EACCES read"]);
  rmSync(folder, { recursive: true });
});

test("fromPidfile() throws EACCES for a file that may not be read", {
  skip: needsRoot,
}, async () => {
  const seen = await look([HELPER, "as", "65534"], `pidfile=/proc/${process.pid}/mem`);
  assert.deepEqual(seen, ["EACCES open"]);
});

test("writePidfile() throws EROFS and ENOSPC as the file system answers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pidfd-"));
  const flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  for (const [errno, code] of [[30, "EROFS"], [28, "ENOSPC"]] as const) {
    const seen = await look(refused(flags, errno), `write=${join(folder, "service.pid")}`);
    assert.deepEqual(seen, [`${code} open`]);
  }
  rmSync(folder, { recursive: true });
});

test("equals() before Linux 6.9 throws EREMOTE of processes that can't be seen from here", {
  skip: needsRoot,
}, async () => {
  const withoutPidfs = [HELPER, "deny", "fstatfs", "38"];
  const isolated = [HELPER, "in-pid-namespace", String(process.pid)];
  assert.deepEqual(await look([...isolated, ...withoutPidfs], "twins=9"), ["EREMOTE pidfd_getpid"]);
  if (features().pidfs.available) assert.deepEqual(await look(isolated, "twins=9"), [true]);
});

test("waitForMessage() throws EMFILE when no descriptor is free, and works again", async () => {
  const seen = await look(["prlimit", "--nofile=128"], "crowded=");
  assert.deepEqual(seen, [["EMFILE", 7]]);
});
