import assert from "node:assert/strict";
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { features, lockFile, Pidfd } from "../../mod.ts";
import { LIBRARIES } from "../../ffi/library.ts";
import { load } from "../../ffi/load.ts";
import { pathRecord } from "../../src/proc/file.ts";
import { assertThrows } from "../support/errors.ts";
import { CPU } from "../support/cpu.ts";
import { HELPER, Helper, paused, run, runScript } from "../support/processes.ts";

const isRoot = process.getuid!() === 0;
const needsRoot = isRoot ? false : "it needs root";
const { pidfs } = features();

/** A path in a folder of its own, which is gone afterwards; nothing else may be left there. */
async function inFolder(
  action: (path: string, folder: string) => void | Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pidfd-"));
  try {
    await action(join(folder, "service.pid"), folder);
    const left = readdirSync(folder).filter((name) => name.endsWith(".pidfd-new"));
    assert.deepEqual(left, [], "nothing is left beside the file");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The pid of the process that the file names, or null. */
function owner(path: string): number | null {
  const handle = Pidfd.fromPidfile(path);
  handle?.close();
  return handle && handle.pid;
}

test("writePidfile() writes one line that fromPidfile() reads", () =>
  inFolder((path) => {
    const handle = Pidfd.self();
    handle.writePidfile(path);
    assert.equal(readFileSync(path, "utf8"), `${handle.identity()}\n`);
    assert.equal(statSync(path).mode & 0o7777, 0o644);
    const again = Pidfd.fromPidfile(path)!;
    assert.equal(again.equals(handle), true);
    again.close();
    handle.writePidfile(path);
    assert.equal(owner(path), process.pid, "one's own file may be written again");
    handle.close();
  }));

test("writePidfile() refuses to replace the file of another process that runs", () =>
  inFolder(async (path) => {
    const helper = await paused();
    const handle = Pidfd.of(helper.child);
    const self = Pidfd.self();
    for (const text of [`${handle.identity()}\n`, `${handle.pid}\n`]) {
      writeFileSync(path, text);
      assertThrows(() => self.writePidfile(path), {
        name: "PidfdError",
        code: "EEXIST",
        errno: -17,
        pid: helper.child.pid,
      });
      assert.equal(readFileSync(path, "utf8"), text);
    }
    handle.close();
    await helper.kill();
    self.writePidfile(path);
    assert.equal(owner(path), process.pid, "once it has ended, its file is stale");
    self.close();
  }));

test("a zombie owns nothing any more", () =>
  inFolder(async (path) => {
    const helper = new Helper("zombie", "0");
    const zombie = Pidfd.open(Number(await helper.line()));
    writeFileSync(path, String(zombie.identity()));
    assert.equal(owner(path), null);
    assertThrows(() => zombie.writePidfile(path), { code: "ESRCH", pid: zombie.pid });
    const self = Pidfd.self();
    self.writePidfile(path);
    assert.equal(owner(path), process.pid);
    self.close();
    zombie.close();
    await helper.end();
  }));

test("fromPidfile() believes a bare pid only if its process is older than the file", () =>
  inFolder(async (path) => {
    const helper = await paused();
    const { pid } = helper.child;
    const handle = Pidfd.of(helper.child);
    const started = handle.info().startTime!.getTime() / 1000;
    for (const text of [`${pid}`, `${pid}\n`, ` ${pid} \n`, `${pid}\n/srv\n5432\n`, `${pid}\r\n`]) {
      writeFileSync(path, text);
      assert.equal(owner(path), pid, JSON.stringify(text));
    }
    const at = (time: number) => {
      utimesSync(path, time, time);
      return owner(path);
    };
    assert.equal(at(Date.now() / 1000), pid);
    assert.equal(at(Math.floor(started) - 0.5), null);
    assert.equal(at(started - 3600), null);
    // Whole seconds are what some file systems keep, so the file may be up to two seconds younger
    // than it says.
    assert.equal(at(Math.floor(started)), pid);
    assert.equal(at(Math.floor(started) - 3), null);
    handle.close();
    await helper.kill();
    writeFileSync(path, String(pid));
    assert.equal(owner(path), null, "it has ended");
    writeFileSync(path, "2147483647");
    assert.equal(owner(path), null);
  }));

test("a bare pid, and PID:INODE, are not believed in a file of the future", () =>
  inFolder((path) => {
    const handle = Pidfd.self();
    const { pid, inode } = handle.identity();
    const texts = inode === undefined ? [`${pid}`] : [`${pid}`, `${pid}:${inode}`];
    for (const text of texts) {
      writeFileSync(path, text);
      assert.equal(owner(path), pid);
      for (const ahead of [5, 3600, 1e8]) {
        const time = Date.now() / 1000 + ahead;
        utimesSync(path, time, time);
        assert.equal(owner(path), null, `${text} in ${ahead} s`);
      }
    }
    // What names its boot asks no clock.
    handle.writePidfile(path);
    utimesSync(path, 2e9, 2e9);
    assert.equal(owner(path), pid);
    handle.close();
  }));

test("a time beyond all that 64 bits of nanoseconds can hold is late, not early", {
  skip: existsSync("/dev/shm") ? false : "there is no file system that keeps such times",
}, () => {
  const folder = mkdtempSync("/dev/shm/pidfd-test-");
  try {
    const path = join(folder, "service.pid");
    writeFileSync(path, String(process.pid));
    utimesSync(path, 20_000_000_000, 20_000_000_000);
    assert.equal(owner(path), null);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a service without a pid file does not run: fromPidfile() gives null", () =>
  inFolder((path, folder) => {
    assert.equal(Pidfd.fromPidfile(path), null);
    assert.equal(Pidfd.fromPidfile(join(folder, "none", "service.pid")), null);
    writeFileSync(path, "2147483647\n");
    assert.equal(Pidfd.fromPidfile(path), null, "as where it is stale");
  }));

test("removePidfile() removes the file of its own process, also once that was reaped", () =>
  inFolder(async (path) => {
    const helper = await paused();
    const handle = Pidfd.of(helper.child);
    const self = Pidfd.self();
    assert.equal(handle.removePidfile(path), false, "there is none");
    handle.writePidfile(path);
    const text = readFileSync(path, "utf8");
    assert.equal(self.removePidfile(path), false);
    assert.equal(readFileSync(path, "utf8"), text, "another one's file stays");
    assert.equal(handle.removePidfile(path), true);
    assert.equal(existsSync(path), false);
    writeFileSync(path, `${handle.pid}\n`);
    assert.equal(self.removePidfile(path), false);
    assert.equal(handle.removePidfile(path), true, "a bare pid");
    handle.writePidfile(path);
    await helper.kill();
    assert.equal(handle.removePidfile(path), true);
    self.writePidfile(path);
    assert.equal(handle.removePidfile(path), false, "who came after it keeps the file");
    writeFileSync(path, "nobody");
    assertThrows(() => self.removePidfile(path), { code: "EINVAL" });
    handle.close();
    assertThrows(() => handle.removePidfile(path), { code: "EBADF" });
    self.close();
  }));

test("a pipe names nobody, and what is in it stays", () =>
  inFolder(async (path) => {
    const { code } = await run("mkfifo", [path]);
    assert.equal(code, 0);
    const pipe = openSync(path, "r+");
    writeSync(pipe, `${process.pid}\n`);
    const expected = { name: "PidfdError", code: "EINVAL", syscall: "read" };
    assertThrows(() => Pidfd.fromPidfile(path), expected);
    const content = Buffer.alloc(64);
    assert.equal(readSync(pipe, content), `${process.pid}\n`.length);
    closeSync(pipe);
  }));

test("fromPidfile() takes no thread for a process", () =>
  inFolder((path) => {
    const thread = readdirSync("/proc/self/task").map(Number).find((id) => id !== process.pid);
    writeFileSync(path, String(thread));
    assert.equal(owner(path), null);
  }));

test("fromPidfile() reads PID:INODE, if the file is of this boot", {
  skip: pidfs.available ? false : pidfs.found,
}, () =>
  inFolder((path) => {
    const handle = Pidfd.self();
    const { pid, inode, boot } = handle.identity();
    writeFileSync(path, `${pid}:${inode}\n`);
    assert.equal(owner(path), pid);
    // The inode proves it, so the age of the process does not matter; but every boot counts its
    // inodes anew.
    utimesSync(path, 1, 1);
    assert.equal(owner(path), null);
    writeFileSync(path, `${pid}:18446744073709551615\n`);
    assert.equal(owner(path), null);
    writeFileSync(path, `${pid}:${inode}@${boot}\n`);
    utimesSync(path, 1, 1);
    assert.equal(owner(path), pid, "the boot is named");
    writeFileSync(path, `${pid}:${inode}@00000000${boot!.slice(8)}\n`);
    assert.equal(owner(path), null);
    handle.close();
  }));

test("a file that names no process is an error, and is left alone", () =>
  inFolder((path) => {
    const self = Pidfd.self();
    const wrong = [
      "",
      "\n",
      "\n1",
      "0",
      "-1",
      "1 2",
      "0x10",
      "2147483648",
      "1:",
      "1:x",
      "1:1@",
      "pid",
    ];
    // Of the last one 4096 bytes are read, which name this process and not the one that the file
    // names.
    const cut = `${" ".repeat(4096 - `${process.pid}`.length)}${process.pid}0\n`;
    for (const text of [...wrong, "\0".repeat(5000), "9".repeat(5000), cut]) {
      writeFileSync(path, text);
      const expected = { name: "PidfdError", code: "EINVAL", errno: -22, syscall: "read" };
      assertThrows(() => Pidfd.fromPidfile(path), expected);
      assertThrows(() => self.writePidfile(path), expected);
      assert.equal(readFileSync(path, "utf8"), text);
    }
    self.close();
  }));

test("a file that can't be read or written is an error that says why", () =>
  inFolder((path, folder) => {
    const self = Pidfd.self();
    const missing = { name: "PidfdError", code: "ENOENT", errno: -2, syscall: "open" };
    const none = join(folder, "none", "x.pid");
    const message = `open ENOENT: there is no such file or folder: ${JSON.stringify(none)}`;
    assertThrows(() => self.writePidfile(none), { ...missing, message });
    assertThrows(() => Pidfd.fromPidfile(folder), { code: "EISDIR" });
    writeFileSync(path, "");
    assertThrows(() => Pidfd.fromPidfile(`${path}/x`), { code: "ENOTDIR" });
    rmSync(path);
    assertThrows(() => self.writePidfile(join(folder, "x".repeat(250))), { code: "ENAMETOOLONG" });
    assertThrows(() => self.writePidfile("x".repeat(4090)), { code: "ENAMETOOLONG" });
    mkdirSync(path);
    assertThrows(() => self.writePidfile(path), { code: "EISDIR" });
    self.close();
  }));

test(
  "an unprivileged user may read the file, and not write it",
  { skip: needsRoot },
  () =>
    inFolder(async (path) => {
      const self = Pidfd.self();
      self.writePidfile(path);
      self.close();
      const result = await runScript("recognise.ts", {
        through: [HELPER, "as", "65534"],
        args: [`pidfile=${path}`, `write=${path}`],
      });
      assert.deepEqual(JSON.parse(result.stdout), [process.pid, "EACCES open"], result.stderr);
    }),
);

test("fromPidfile() is sure of nothing where the start time is hidden, but for an inode", {
  skip: needsRoot,
}, () =>
  inFolder(async (path, folder) => {
    const bare = join(folder, "bare.pid");
    writeFileSync(bare, String(process.pid));
    const self = Pidfd.self();
    self.writePidfile(path);
    self.close();
    const through = [HELPER, "mount-proc", "hidepid=2", HELPER, "as", "65534"];
    const args = [`pidfile=${bare}`, `pidfile=${path}`];
    const result = await runScript("recognise.ts", { through, args });
    const known = pidfs.available ? process.pid : "ENOENT read";
    assert.deepEqual(JSON.parse(result.stdout), ["ENOENT read", known], result.stderr);
  }));

test(
  "fromPidfile() finds nobody who can't be seen from our pid namespace",
  { skip: needsRoot },
  () =>
    inFolder(async (path) => {
      const self = Pidfd.self();
      self.writePidfile(path);
      self.close();
      const through = [HELPER, "in-pid-namespace", String(process.pid), HELPER, "mount-proc", "ro"];
      const result = await runScript("recognise.ts", { through, args: [`pidfile=${path}`] });
      assert.deepEqual(JSON.parse(result.stdout), [null], result.stderr);
    }),
);

test("what a writer left that died is taken over, and what is somebody else's is not", () =>
  inFolder((path, folder) => {
    const self = Pidfd.self();
    writeFileSync(`${path}.pidfd-new`, "half of something longer".repeat(20));
    self.writePidfile(path);
    assert.equal(readFileSync(path, "utf8"), `${self.identity()}\n`);
    rmSync(path);
    const precious = join(folder, "precious");
    writeFileSync(precious, "keep this");
    linkSync(precious, `${path}.pidfd-new`);
    assertThrows(() => self.writePidfile(path), { code: "EPERM" });
    rmSync(`${path}.pidfd-new`);
    symlinkSync(precious, `${path}.pidfd-new`);
    assertThrows(() => self.writePidfile(path), { code: "ELOOP" });
    rmSync(`${path}.pidfd-new`);
    assert.equal(readFileSync(precious, "utf8"), "keep this");
    self.close();
  }));

test("writePidfile() names the call that failed, and leaves nothing behind", () =>
  inFolder(async (path, folder) => {
    // The library is in its file: nothing may be written from the beginning.
    const library = join(folder, "pidfd.so");
    writeFileSync(library, Buffer.from(LIBRARIES[CPU].base64, "base64"));
    // No file may have any size (setrlimit(2)), and the signal that tells of it is ignored.
    const through = ["sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "sh"];
    const env = { PIDFD_LIBRARY: library };
    const result = await runScript("recognise.ts", { through, args: [`write=${path}`], env });
    assert.deepEqual(JSON.parse(result.stdout), ["EFBIG write"], result.stderr);
    assert.deepEqual(readdirSync(folder), ["pidfd.so"]);
  }));

test("a file that somebody has locked is neither replaced nor removed", () =>
  inFolder(async (path, folder) => {
    const self = Pidfd.self();
    const lock = await lockFile(path);
    const expected = { code: "EAGAIN", errno: -11, syscall: "flock" };
    assertThrows(() => self.writePidfile(path), expected);
    assertThrows(() => self.removePidfile(path), expected);
    await assert.rejects(lockFile(path), expected);
    assert.deepEqual(readdirSync(folder), ["service.pid"]);
    lock.release();
    rmSync(path);
    self.writePidfile(path);
    assert.equal(self.removePidfile(path), true);
    self.close();
  }));

test("EAGAIN is thrown where somebody else is writing the file for seconds", () =>
  inFolder((path) => {
    const native = load();
    const record = pathRecord(new TextEncoder().encode(path)).bytes;
    const self = Pidfd.self();
    writeFileSync(path, String(self.identity()));
    const lock = native.pidfile_claim(record);
    assert.ok(lock >= 0);
    const expected = { code: "EAGAIN", errno: -11, syscall: "flock" };
    for (const call of [() => self.writePidfile(path), () => self.removePidfile(path)]) {
      const start = performance.now();
      assertThrows(call, expected);
      const waitedMs = performance.now() - start;
      assert.ok(waitedMs >= 2000 && waitedMs < 10_000, `${waitedMs} ms`);
    }
    assert.equal(existsSync(path), true);
    assert.equal(native.pidfile_abandon(record, lock, 0), 0);
    self.writePidfile(path);
    self.close();
  }));

test("of several who write one file at one moment, exactly one wins", () =>
  inFolder(async (path) => {
    const crowd = new Helper("crowd", "4");
    const pids: string[] = [];
    for (let count = 0; count < 4; count++) pids.push(await crowd.line());
    const result = await runScript("race.ts", { args: [path, "100", ...pids] });
    const { others, ...counts } = JSON.parse(result.stdout || "null");
    assert.deepEqual(counts, { rounds: 100, oneWinner: 100, ownerIsWinner: 100 }, result.stderr);
    assert.deepEqual(others, ["EEXIST"], "who loses hears of the winner");
    await crowd.kill();
  }));

test("paths are checked before any native call", () => {
  const self = Pidfd.self();
  const calls = [
    Pidfd.fromPidfile,
    (path: string) => self.writePidfile(path),
    (path: string) => self.removePidfile(path),
  ];
  for (const call of calls) {
    for (const value of [undefined, null, 7, {}, "", "a\0b", "\ud800", new URL("file:///x")]) {
      assert.throws(() => call(value as string), {
        name: "TypeError",
        message: /^Cannot (read|write|remove) a pid file: "path" must be a file's path: /,
      });
    }
    for (const value of ["x".repeat(4096), "ä".repeat(2048)]) {
      assert.throws(() => call(value), {
        name: "RangeError",
        message:
          /^Cannot (read|write|remove) a pid file: "path" must have at most 4095 bytes: 4096$/,
      });
    }
  }
  self.close();
  assertThrows(() => self.writePidfile("/nowhere"), { code: "EBADF" });
});
