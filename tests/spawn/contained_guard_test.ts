import assert from "node:assert/strict";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { LIBRARIES } from "../../ffi/library.ts";
import { findOrphans, Pidfd, spawn } from "../../mod.ts";
import { lacksCgroups, makeCgroup, removeCgroup } from "../support/cgroups.ts";
import { counts, isOver, untilPrinted } from "../support/contained.ts";
import { CPU } from "../support/cpu.ts";
import { HELPER, runScript, runtimeCommand, type ScriptResult } from "../support/processes.ts";

const contained = { lifetime: "contained" } as const;
const needsRoot = process.getuid!() === 0 ? false : "it needs root";
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** What comes of a contained process, by a library that need not be loaded from memory. */
async function refused(through: string[]): Promise<ScriptResult> {
  const folder = mkdtempSync(`${tmpdir()}/pidfd-contained-`);
  try {
    const library = `${folder}/pidfd.so`;
    writeFileSync(library, Buffer.from(LIBRARIES[CPU].base64, "base64"));
    return await runScript("contained_refused.ts", { through, env: { PIDFD_LIBRARY: library } });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The guard of a contained child: its parent. */
function guardOf(pid: number): Pidfd {
  const [, ppid] = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Pidfd.open(Number(ppid));
}

test("where the guard is killed, the command is too, and the report says that it is not all", async () => {
  const mark = { PIDFD_TEST: `${process.pid}-${performance.now()}` };
  const script = "setsid sleep 100 & echo ready; exec sleep 100";
  const child = spawn("sh", ["-c", script], { ...contained, stdout: "pipe", env: mark });
  await untilPrinted(child.stdout!);
  const guard = guardOf(child.pid);
  guard.signal("SIGKILL");
  guard.close();
  const status = await child.status;
  // Its new parent, which may be slow, has to reap it first.
  if (status.known) assert.equal(status.signal, "SIGKILL");
  assert.deepEqual(counts(await child.contained), { asked: 0, killed: 0, settled: false });
  assert.equal((await child.terminate()).contained!.settled, false);
  // The rest is found by a mark.
  const orphans = await findOrphans({ environment: mark });
  assert.equal(orphans.size, 1);
  for (const { handle } of orphans) handle.signal("SIGKILL");
  orphans.close();
  assert.ok(await isOver(child.stdout!));
});

test("a command that stops its guard at once holds up neither its start nor its end", async () => {
  const through = ["timeout", "-s", "KILL", "50"];
  const { stdout, stderr } = await runScript("contained_stopping.ts", { through });
  assert.match(stdout, /^(SIGTERM true\n){10}$/, stderr);
});

test("a guard that somebody has stopped ends everything when it is told to", async () => {
  const child = spawn("sleep", ["100"], contained);
  const guard = guardOf(child.pid);
  guard.signal("SIGSTOP");
  guard.close();
  assert.equal((await child.terminate()).status.signal, "SIGTERM");
});

test("a guard has no descriptor of the command's, none of its arguments and variables", async () => {
  const env = { PIDFD_TEST: "a secret of the command" };
  const fds = { 7: "pipe", 9: "socket" } as const;
  const cgroup = (await lacksCgroups()) ? undefined : makeCgroup();
  const options = { ...contained, stdin: "pipe", stdout: "pipe", fds, env, cgroup } as const;
  const child = spawn("sleep", ["100"], options);
  const guard = guardOf(child.pid);
  const folder = `/proc/${guard.pid}`;
  const open = () => readdirSync(`${folder}/fd`).length;
  // It closes them right after the command has started: its channel, its starter, signals, /proc.
  for (let left = 1000; open() > 5 && left > 0; left--) {
    await new Promise((done) => setTimeout(done));
  }
  assert.equal(open(), 5);
  const texts = (name: string) => readFileSync(`${folder}/${name}`, "latin1").replace(/\0+$/, "");
  for (let left = 1000; texts("environ") && left > 0; left--) {
    await new Promise((done) => setTimeout(done));
  }
  assert.equal(texts("environ"), "");
  assert.match(texts("cmdline"), /^pidfd-guard\0\d+$/);
  assert.equal(readFileSync(`${folder}/comm`, "utf8"), "pidfd-guard\n");
  guard.close();
  await child[Symbol.asyncDispose]();
  if (cgroup) await removeCgroup(cgroup);
});

test("a Worker that ends takes no contained child with it, and the program's end does", async () => {
  const [command, ...args] = runtimeCommand(fixture("contained_worker.ts"));
  const program = spawn(command, args, { stdout: "pipe", env: { NODE_NO_WARNINGS: "1" } });
  await untilPrinted(program.stdout!, "alive");
  assert.ok(await isOver(program.stdout!));
  await program.status;
});

test(
  "a contained child may be another user's, born in another session",
  { skip: needsRoot },
  async () => {
    const options = {
      ...contained,
      stdout: "pipe",
      uid: 12345,
      gid: 12345,
      session: true,
    } as const;
    const script = 'setsid sleep 100 & cut -d" " -f6 /proc/self/stat; id -u; echo ready; sleep 100';
    const child = spawn("sh", ["-c", script], { ...options, graceMs: 50 });
    let printed = "";
    for await (const bytes of child.stdout!.iterator({ destroyOnReturn: false })) {
      printed += bytes;
      if (printed.includes("ready")) break;
    }
    assert.equal(printed, `${child.pid}\n12345\nready\n`);
    const { contained: report } = await child.terminate();
    assert.equal(report!.settled, true);
    assert.ok(await isOver(child.stdout!));
  },
);

test(
  "who has become another user's is left, and that is reported",
  { skip: needsRoot },
  async (t) => {
    const folder = mkdtempSync(`${tmpdir()}/pidfd-contained-`);
    try {
      chmodSync(folder, 0o755);
      const setuid = `${folder}/setuid`;
      copyFileSync(HELPER, setuid);
      chmodSync(setuid, 0o4755);
      const file = "contained_setuid.ts";
      const through = [HELPER, "as", "12345"];
      const env = { PIDFD_TEST: folder };
      const { stdout, stderr } = await runScript(file, { through, args: [setuid], env });
      const { signal, contained: report } = JSON.parse(stdout || "null") ?? assert.fail(stderr);
      for (const { handle } of await findOrphans({ environment: env })) handle.signal("SIGKILL");
      if (report.settled) return t.skip(`${tmpdir()} does not take setuid programs`);
      assert.equal(signal, "SIGTERM");
      assert.deepEqual(report, { asked: 1, killed: 0, settled: false });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

/** Version 1: whoever is frozen by it can't be killed before it is thawed. */
const FREEZER = "/sys/fs/cgroup/freezer";
const noFreezer = existsSync(FREEZER) ? needsRoot : "it needs the freezer of cgroups version 1";

test("who sleeps uninterruptibly is reported as left, and ends when it wakes", {
  skip: noFreezer,
}, async () => {
  const folder = `${FREEZER}/pidfd-test-${process.pid}`;
  mkdirSync(folder);
  const options = { ...contained, stdout: "pipe", graceMs: 10 } as const;
  const child = spawn("sh", ["-c", "sleep 100 & echo $!; exec sleep 100"], options);
  try {
    child.stdout!.setEncoding("utf8");
    const [pid] = await once(child.stdout!, "data");
    writeFileSync(`${folder}/cgroup.procs`, pid);
    writeFileSync(`${folder}/freezer.state`, "FROZEN");
    const { status, contained: report } = await child.terminate();
    assert.deepEqual([status.signal, report!.settled], ["SIGTERM", false]);
    writeFileSync(`${folder}/freezer.state`, "THAWED");
    assert.equal((await child.contained)!.settled, true);
  } finally {
    writeFileSync(`${folder}/freezer.state`, "THAWED");
    await child[Symbol.asyncDispose]();
    await removeCgroup(folder);
  }
});

test("the status is right where the kernel keeps no exit records", async () => {
  const PIDFD_GET_INFO = String(0xC058FF0B);
  const through = [HELPER, "deny-ioctl", PIDFD_GET_INFO, "25"];
  const { stdout, stderr } = await runScript("contained_without_records.ts", { through });
  assert.equal(stdout, "100 of 100\n", stderr);
});

test("where the guard can't be started, nothing is", async () => {
  const EPERM = "1";
  for (const syscall of ["memfd_create", "execveat", "signalfd4", "waitid"]) {
    const through = [HELPER, "deny", syscall, EPERM];
    const { stdout, stderr } = await refused(through);
    assert.equal(stdout, `SpawnFailedError EPERM ${syscall}\n`, stderr);
  }
});

test(
  "where no file in memory may be executed, nothing is started",
  { skip: needsRoot },
  async (t) => {
    const script = 'echo 2 > /proc/sys/vm/memfd_noexec || exit 77; exec "$0" "$@"';
    const through = [HELPER, "in-own-proc", "", "/bin/sh", "-c", script];
    const { code, stdout, stderr } = await refused(through);
    if (code === 77) return t.skip("it needs vm.memfd_noexec (Linux 6.3)");
    assert.equal(stdout, "SpawnFailedError EACCES memfd_create\n", stderr);
  },
);

test("where there may be no more processes, nothing is started", async () => {
  const [ENOSYS, EAGAIN] = ["38", "11"];
  // CLONE_VM, CLONE_VFORK and CLONE_PIDFD: no thread is made that way.
  const clone = [HELPER, "deny-flag", "clone", "0", String(0x100 | 0x4000 | 0x1000), EAGAIN];
  const through = [HELPER, "deny", "clone3", ENOSYS, ...clone];
  const { stdout, stderr } = await refused(through);
  assert.equal(stdout, "SpawnFailedError EAGAIN clone\n", stderr);
});

test("a program that ends by itself leaves nothing, where the child does not keep it", async () => {
  const [command, ...args] = runtimeCommand(fixture("contained_unref.ts"));
  const program = spawn(command, args, { stdout: "pipe", env: { NODE_NO_WARNINGS: "1" } });
  await untilPrinted(program.stdout!);
  assert.ok(await isOver(program.stdout!));
  assert.equal((await program.status).code, 0);
});
