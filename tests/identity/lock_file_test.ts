import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { lockFile, Pidfd } from "../../mod.ts";
import { WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { HELPER, runScript, runtimeCommand } from "../support/processes.ts";
import { needsRoot } from "../support/trees.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/lock_file.ts", import.meta.url));
const WORKER = new URL("../fixtures/lock_file_worker.ts", import.meta.url);

/** A path in a folder of its own, which is gone afterwards. */
async function inFolder(action: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pidfd-lock-"));
  try {
    await action(join(folder, "service.lock"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** How many descriptors of locks and of waits for them this process has open. */
function countDescriptors(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return /pidfd-lock-|inotify/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false; // The folder itself was open while it was listed.
    }
  }).length;
}

/** Another program that asked for the lock, and what it says of that. */
interface Other {
  child: ChildProcess;
  exit: Promise<unknown>;
  said: Promise<string>;
  next: () => Promise<string>;
}

function other(path: string, waitMs = 0, through: string[] = []): Other {
  const [program, ...args] = runtimeCommand(FIXTURE, { through, args: [path, `${waitMs}`] });
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  return { child, exit: once(child, "exit"), said: next(), next };
}

test("lockFile() says that the lock is taken, also where its owner can't be looked up", async () => {
  await inFolder(async (path) => {
    const lock = await lockFile(path);
    const through = [HELPER, "deny", "open_by_handle_at", "24", HELPER, "deny", "434", "24"];
    const one = other(path, 0, through);
    assert.match(await one.said, /^EAGAIN: flock EAGAIN: another process has the lock, \d+:/);
    await one.exit;
    lock.release();
  });
});

test("lockFile() locks a file, and names the process that has the lock", () =>
  inFolder(async (path) => {
    const before = countDescriptors();
    const lock = await lockFile(path);
    assert.deepEqual([lock.isHeld, lock.path], [true, path]);
    const self = Pidfd.self();
    assert.equal(readFileSync(path, "utf8"), `${self.identity()}\n`);
    const holder = Pidfd.fromPidfile(path)!;
    assert.equal(holder.equals(self), true);
    holder.close();
    await assert.rejects(lockFile(path), {
      name: "PidfdError",
      code: "EAGAIN",
      syscall: "flock",
      pid: process.pid,
      message: new RegExp(`: this process has the lock, ${self.identity()}: `),
    });
    self.close();
    lock.release();
    lock[Symbol.dispose]();
    assert.equal(lock.isHeld, false);
    assert.equal(readFileSync(path, "utf8"), "");
    assert.equal(countDescriptors(), before);
    (await lockFile(path)).release();
  }));

test("a lock is held off from another program until it is released", () =>
  inFolder(async (path) => {
    const lock = await lockFile(path);
    const refused = other(path);
    assert.match(await refused.said, /^EAGAIN: .* another process has the lock, \d+:/);
    const waiting = other(path, 30_000);
    await refused.exit;
    const first = await Promise.race([waiting.said, "nothing yet"]);
    assert.equal(first, "nothing yet");
    lock.release();
    assert.equal(await waiting.said, "locked");
    await assert.rejects(lockFile(path), { code: "EAGAIN", pid: waiting.child.pid });
    const mine = lockFile(path, { waitMs: Infinity });
    waiting.child.stdin!.end("\n");
    assert.equal(await waiting.next(), "released");
    (await mine).release();
    await waiting.exit;
  }));

test("a lock whose process is killed is taken at once", () =>
  inFolder(async (path) => {
    for (let round = 0; round < 3; round++) {
      const holder = other(path);
      assert.equal(await holder.said, "locked");
      const waits = [1, 2, 3].map(() => lockFile(path, { waitMs: 30_000 }));
      waits.forEach((wait) => wait.then((lock) => lock.release()));
      holder.child.kill("SIGKILL");
      await holder.exit;
      await Promise.all(waits);
    }
  }));

test(
  "a lock is held off and taken over across pid namespaces",
  { skip: needsRoot },
  () =>
    inFolder(async (path) => {
      const holder = other(path, 0, [HELPER, "in-own-proc", ""]);
      assert.equal(await holder.said, "locked");
      const [pid] = readFileSync(path, "utf8").split(":");
      assert.equal(pid, "1", "its pid in there");
      await assert.rejects(lockFile(path), { code: "EAGAIN" });
      const handle = Pidfd.fromPidfile(path);
      const waiting = lockFile(path, { waitMs: 30_000 });
      // It is below our namespace, so that it can be opened by its inode from Linux 6.14 on.
      if (handle) handle.signal("SIGKILL");
      else holder.child.stdin!.end("\n");
      const lock = await waiting;
      const from = other(path, 0, [HELPER, "in-own-proc", ""]);
      assert.match(await from.said, /^EAGAIN: /);
      lock.release();
      handle?.close();
      if (holder.child.exitCode === null && holder.child.signalCode === null) {
        await once(holder.child, "exit");
      }
    }),
);

test("a child does not inherit the lock", () =>
  inFolder(async (path) => {
    const lock = await lockFile(path);
    const child = spawn("cat", { stdio: ["pipe", "ignore", "inherit"] });
    await once(child, "spawn");
    lock.release();
    (await lockFile(path)).release();
    child.stdin.end();
    await once(child, "exit");
  }));

test("a wait for a lock ends with its limits, and leaves nothing", () =>
  inFolder(async (path) => {
    const lock = await lockFile(path);
    await assert.rejects(lockFile(path, { waitMs: 1 }), { code: "EAGAIN" });
    const before = countDescriptors();
    await assert.rejects(lockFile(path, { waitMs: 20 }), { code: "EAGAIN" });
    const controller = new AbortController();
    const reason = new Error("enough");
    const waiting = lockFile(path, { waitMs: Infinity, signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(waiting, reason);
    await assert.rejects(lockFile(path, { signal: controller.signal }), reason);
    assert.equal(countDescriptors(), before);
    lock.release();
  }));

test("a lock of a file that was removed or replaced is no lock of its name", () =>
  inFolder(async (path) => {
    const first = await lockFile(path);
    const waits = [lockFile(path, { waitMs: 30_000 }), lockFile(path, { waitMs: 30_000 })];
    rmSync(path);
    const second = await Promise.race(waits);
    assert.equal(second.isHeld, true);
    renameSync(path, `${path}.old`);
    for (const lock of await Promise.all(waits)) lock.release();
    first.release();
  }));

test("a file that names no process is left as it is", () =>
  inFolder(async (path) => {
    writeFileSync(path, "precious\n");
    await assert.rejects(lockFile(path), { code: "EINVAL" });
    assert.equal(readFileSync(path, "utf8"), "precious\n");
    for (const text of ["", "\n", "4242\n", "4242:1\nmore, and longer than an identity is\n"]) {
      writeFileSync(path, text);
      const lock = await lockFile(path);
      assert.match(readFileSync(path, "utf8"), /^[^\n]+\n$/);
      lock.release();
    }
    rmSync(path);
    mkdirSync(path);
    await assert.rejects(lockFile(path), { code: "EISDIR" });
    await assert.rejects(lockFile(`${path}/no/where`), { code: "ENOENT" });
    symlinkSync(path, `${path}.link`);
    await assert.rejects(lockFile(`${path}.link`), { code: "ELOOP" });
    await assert.rejects(lockFile("/dev/null"), { code: "EINVAL" });
  }));

test("a Worker's lock ends with the Worker", () =>
  inFolder(async (path) => {
    const worker = new Worker(WORKER, { workerData: path });
    await once(worker, "message");
    await assert.rejects(lockFile(path), { code: "EAGAIN" });
    const waiting = lockFile(path, { waitMs: 30_000 });
    await worker.terminate();
    (await waiting).release();
  }));

test("lockFile() works with no permission but --allow-ffi", () =>
  inFolder(async (path) => {
    const permissions = ["--allow-ffi"];
    const { stdout } = await runScript("lock_file.ts", { permissions, args: [path, "0"] });
    assert.equal(stdout, "locked\n");
  }));

test("lockFile() refuses wrong arguments", () =>
  inFolder(async (path) => {
    for (const wrong of [...WRONG_TYPES.filter((value) => value !== "7"), "", "a\0b"]) {
      await assert.rejects(lockFile(wrong as never), { name: "TypeError" });
    }
    await assert.rejects(lockFile("x".repeat(4096)), { name: "RangeError" });
    for (const waitMs of WRONG_NUMBERS.filter((value) => value !== Infinity)) {
      await assert.rejects(lockFile(path, { waitMs }), { name: "RangeError" });
    }
    for (const waitMs of WRONG_TYPES.slice(1)) {
      await assert.rejects(lockFile(path, { waitMs } as never), { name: "TypeError" });
    }
    for (const signal of [null, 7, {}]) {
      await assert.rejects(lockFile(path, { signal } as never), { name: "TypeError" });
    }
    await assert.rejects(lockFile(path, null as never), { name: "TypeError" });
    const misspelt = { waitMS: 5 } as never;
    await assert.rejects(lockFile(path, misspelt), /did you mean "waitMs"/);
  }));
