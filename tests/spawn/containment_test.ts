import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Pidfd, spawn, type SpawnFailedError, type SpawnOptions } from "../../mod.ts";
import { cgroupFolder, lacksKill, makeCgroup, removeCgroup } from "../support/cgroups.ts";
import { counts, isOver, leaving, untilPrinted } from "../support/contained.ts";
import { thrown } from "../support/errors.ts";
import { HELPER, run, runScript, runtimeCommand } from "../support/processes.ts";
import { childrenOf, needsRoot } from "../support/trees.ts";

const kept = { lifetime: "contained", graceMs: 200 } as const;
const noCgroups = await lacksKill();

/** A contained command that has left processes in every way. */
async function started(options: SpawnOptions) {
  const child = spawn(...leaving(), { ...kept, stdout: "pipe", ...options });
  await untilPrinted(child.stdout!);
  return child;
}

/** The parent of a contained child. */
function guardOf(pid: number): Pidfd {
  const [, ppid] = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Pidfd.open(Number(ppid));
}

test("a containment is one of three, of a contained process", () => {
  assert.throws(() => spawn("true", [], { ...kept, containment: "vm" as never }), TypeError);
  assert.throws(() => spawn("true", [], { containment: "pidns" }), TypeError);
});

test("a cgroup of its own is made for the command alone, and removed in the end", {
  skip: noCgroups,
}, async () => {
  const child = await started({ containment: "cgroup" });
  const [folder, guard] = [cgroupFolder(child.pid), guardOf(child.pid)];
  assert.match(folder, /\/pidfd-\d+-\d+$/);
  assert.equal(folder.startsWith(cgroupFolder(process.pid)), true);
  assert.equal(cgroupFolder(guard.pid), cgroupFolder(process.pid));
  guard.close();
  const { contained } = await child.terminate();
  assert.equal(contained!.settled, true);
  assert.ok(contained!.killed > 0);
  assert.ok(await isOver(child.stdout!));
  assert.equal(existsSync(folder), false);
});

test("a cgroup of its own is made in another one, and removed if nothing can be started", {
  skip: noCgroups,
}, async () => {
  const cgroup = makeCgroup();
  const child = spawn("sleep", ["100"], { ...kept, containment: "cgroup", cgroup });
  assert.equal(cgroupFolder(child.pid).startsWith(`${cgroup}/pidfd-`), true);
  await child[Symbol.asyncDispose]();
  const options = { ...kept, containment: "cgroup", cgroup } as const;
  const error = thrown(() => spawn("/no/such/program", [], options));
  assert.deepEqual([error.code, error.syscall], ["ENOENT", "execve"]);
  // That fails if there is another one in it.
  await removeCgroup(cgroup);
});

test("a cgroup of its own is removed with those that the command has made in it", {
  skip: noCgroups,
}, async () => {
  const child = spawn("sleep", ["100"], { ...kept, containment: "cgroup" });
  const folder = cgroupFolder(child.pid);
  const deep = "f/".repeat(100);
  for (const below of ["a/b/c", "a/.d", "..e", deep]) {
    mkdirSync(`${folder}/${below}`, { recursive: true });
  }
  writeFileSync(`${folder}/a/b/c/cgroup.procs`, `${child.pid}`);
  const startedAt = performance.now();
  const { contained } = await child.terminate();
  assert.equal(contained!.settled, true);
  assert.equal(existsSync(folder), false);
  // In vain it is tried again for a second.
  assert.ok(performance.now() - startedAt < 900);
});

test("what is mounted in a cgroup of its own stays as it is", {
  skip: needsRoot || noCgroups,
}, async () => {
  const { stdout, stderr } = await runScript("contained_mounted.ts", {
    through: ["unshare", "-m"],
  });
  assert.deepEqual(JSON.parse(stdout || "null"), { settled: true, left: ["a/b", "link"] }, stderr);
});

test("cgroup.kill ends also who has become another user's", {
  skip: needsRoot || noCgroups,
}, async (t) => {
  const folder = mkdtempSync(`${tmpdir()}/pidfd-containment-`);
  const cgroup = makeCgroup();
  try {
    // What is delegated: the folder, and the file by which a process is moved.
    for (const file of ["", "/cgroup.procs"]) chownSync(`${cgroup}${file}`, 12345, 12345);
    chmodSync(folder, 0o755);
    const setuid = `${folder}/setuid`;
    copyFileSync(HELPER, setuid);
    chmodSync(setuid, 0o4755);
    const probe = await run(HELPER, ["as", "12345", setuid, "as", "0", HELPER, "exit", "0"]);
    if (probe.code !== 0) return t.skip(`${tmpdir()} does not take setuid programs`);
    const file = fileURLToPath(new URL("../fixtures/contained_setuid.ts", import.meta.url));
    const [command, ...args] = runtimeCommand(file, { args: [setuid] });
    const [uid, env] = [12345, { PIDFD_TEST_CONTAINMENT: "cgroup", NODE_NO_WARNINGS: "1" }];
    const program = spawn(command, args, { cgroup, uid, gid: uid, env, stdout: "pipe" });
    const { stdout } = await program.output();
    const { contained } = JSON.parse(new TextDecoder().decode(stdout));
    assert.deepEqual(counts(contained), { asked: 1, killed: 1, settled: true });
  } finally {
    await removeCgroup(cgroup);
    rmSync(folder, { recursive: true });
  }
});

test("cgroup.kill ends also an orphan in the pid namespace of others", {
  skip: needsRoot || noCgroups,
}, async () => {
  const other = spawn(HELPER, ["in-own-proc", "", HELPER, "pause"], { ...kept, stdout: "pipe" });
  try {
    await untilPrinted(other.stdout!);
    const [init] = childrenOf(other.pid);
    const args = ["enter", `${init}`, "/bin/sh", "-c", "(setsid sleep 100 &)"];
    const child = spawn(HELPER, args, { ...kept, containment: "cgroup", stdout: "pipe" });
    assert.equal((await child.status).code, 0);
    assert.equal((await child.contained)!.settled, true);
    assert.ok(await isOver(child.stdout!));
  } finally {
    await other[Symbol.asyncDispose]();
  }
});

test("in a pid namespace of its own the guard is the first process, and ends all", async () => {
  const script = "echo $$ $PPID; cat /proc/1/comm";
  const options = { ...kept, containment: "pidns", stdout: "pipe" } as const;
  const child = spawn("sh", ["-c", script], options);
  const { stdout } = await child.output();
  assert.equal(new TextDecoder().decode(stdout), "2 1\npidfd-guard\n");
  const whole = await started({ containment: "pidns" });
  const { contained } = await whole.terminate();
  assert.equal(contained!.settled, true);
  assert.ok(await isOver(whole.stdout!));
});

for (const containment of ["guard", "cgroup", "pidns"] as const) {
  test(`everything else goes with the containment "${containment}"`, {
    skip: needsRoot || (containment === "cgroup" && noCgroups),
  }, async () => {
    const script = 'echo $0 $A; pwd; umask; ulimit -n; id -u; ls /proc/$$/fd; grep "NoN" $1';
    const child = spawn("sh", ["-c", script, "name", "/proc/self/status"], {
      ...kept,
      ...{ containment, stdin: "null", stdout: "pipe", stderr: "null", fds: { 7: "pipe" } },
      ...{ cwd: "/tmp", umask: 0o77, env: { A: "b" }, uid: 1234, gid: 1234, session: true },
      ...{ limits: { nofile: [64, 128] }, noNewPrivileges: true },
    });
    const { status, stdout } = await child.output();
    const lines = new TextDecoder().decode(stdout).trim().replaceAll("\n", " ");
    assert.equal(lines, "name b /tmp 0077 64 1234 0 1 2 7 NoNewPrivs:\t1");
    assert.equal(status.code, 0);
    child.fds[7].destroy();
  });
}

test("in a pid namespace nothing is left where somebody kills the guard", async () => {
  const child = await started({ containment: "pidns" });
  const guard = guardOf(child.pid);
  guard.signal("SIGKILL");
  guard.close();
  assert.equal((await child.contained)!.settled, true);
  assert.ok(await isOver(child.stdout!));
});

test("out of a pid namespace nobody gets into another one, also by a descriptor of it", {
  skip: needsRoot,
}, async () => {
  const ours = openSync("/proc/self/ns/pid", "r");
  const options = { ...kept, containment: "pidns", fds: { 3: ours }, stderr: "pipe" } as const;
  const child = spawn("nsenter", ["--pid=/proc/self/fd/3", "true"], options);
  closeSync(ours);
  const { status, stderr } = await child.output();
  assert.equal(status.code, 1);
  assert.match(new TextDecoder().decode(stderr), /setns|reassociate/);
  assert.match(new TextDecoder().decode(stderr), /Invalid argument/);
});

test("the pid of a command in a pid namespace is ours, also of one that exits at once", () => {
  for (let round = 0; round < 50; round++) {
    const child = spawn("true", [], { ...kept, containment: "pidns" });
    // There it is 2.
    assert.ok(child.pid > 2);
  }
});

test("a user without privileges gets the namespace in a user namespace, as itself", {
  skip: needsRoot,
}, async (t) => {
  const through = [HELPER, "as", "12345"];
  const { stdout, stderr } = await runScript("contained_pidns.ts", { through });
  if (stdout.startsWith("SpawnFailedError")) return t.skip(`no user namespaces: ${stdout}`);
  // Whoever may not dump this program may still not: its folder in /proc stays its own.
  assert.equal(stdout, "2 1\n12345\npidfd-guard\n12345 true\n", stderr);
});

test("where it can't be contained as it was asked for, nothing is started", async () => {
  const EPERM = "1";
  const ENOSYS = "38";
  // CLONE_VM, CLONE_VFORK, CLONE_PIDFD, CLONE_NEWPID and CLONE_NEWNS, then CLONE_NEWUSER too.
  const flags = [0x20025100, 0x30025100];
  const deny = (flag: number) => [HELPER, "deny-flag", "clone", "0", String(flag), EPERM];
  const denied = {
    "EPERM mount": [HELPER, "deny", "mount", EPERM],
    "EPERM clone": [HELPER, "deny", "clone3", ENOSYS, ...flags.flatMap(deny)],
  };
  for (const [error, through] of Object.entries(denied)) {
    const { stdout, stderr } = await runScript("contained_pidns.ts", { through });
    assert.equal(stdout, `SpawnFailedError ${error}\n`, stderr);
  }
});

test("where the pid of a command in a pid namespace can't be had, all is ended", {
  skip: needsRoot,
}, async () => {
  const PIDFD_GET_INFO = String(0xC058FF0B);
  const [ENOTTY, ENOBUFS] = ["25", "105"];
  const failing = {
    // The one byte by which the guard is told that its report was understood.
    "ENOBUFS write": [HELPER, "deny-flag", "sendto", "2", "1", ENOBUFS],
    // A /proc that has other numbers.
    "EREMOTE openat": [
      ...[HELPER, "deny-ioctl", PIDFD_GET_INFO, ENOTTY],
      ...[HELPER, "in-pid-namespace", `${process.pid}`],
    ],
  };
  for (const [error, through] of Object.entries(failing)) {
    const limited = ["timeout", "-s", "KILL", "50", ...through];
    const { stdout, stderr } = await runScript("contained_pidns.ts", { through: limited });
    assert.equal(stdout, `SpawnFailedError ${error}\n`, stderr);
  }
});

test("where a guard can't say that the command runs, all is ended at once", async () => {
  const ETOOMANYREFS = "109";
  for (const containment of ["guard", "pidns"]) {
    const script = async (...through: string[]) => {
      const limited = { through: ["timeout", "-s", "KILL", "50", ...through], args: [containment] };
      return (await runScript("contained_unreported.ts", limited)).stdout.trim();
    };
    const channel = await script();
    assert.match(channel, /^\d+$/);
    const deny = [HELPER, "deny-flag", "sendmsg", "0", channel, ETOOMANYREFS];
    assert.equal(await script(...deny), "SpawnFailedError EMFILE recvmsg");
  }
});

test("where a guard is killed while it starts the command, nobody is left in the cgroup", {
  skip: noCgroups,
}, async (t) => {
  const cgroup = makeCgroup();
  // Stopped before it can say that the command runs, as a rule.
  const script = `trap "" HUP; kill -STOP $PPID; setsid sleep 100 &
    sleep 0.03; kill -KILL $PPID; exec sleep 100`;
  const start = () => spawn("sh", ["-c", script], { ...kept, containment: "cgroup", cgroup });
  const folders = () => readdirSync(cgroup).filter((name) => name.startsWith("pidfd-"));
  const unstarted = async () => {
    try {
      await start().contained;
    } catch (error) {
      return error as SpawnFailedError;
    }
    // Too late: it ran already, and what it has left is found by its cgroup.
    for (const name of folders()) writeFileSync(`${cgroup}/${name}/cgroup.kill`, "1");
  };
  let error: SpawnFailedError | undefined;
  for (let tries = 0; !error && tries < 50; tries++) error = await unstarted();
  assert.equal(error?.syscall ?? "execveat", "execveat");
  for (const name of folders()) {
    const left = readFileSync(`${cgroup}/${name}/cgroup.procs`, "utf8");
    writeFileSync(`${cgroup}/${name}/cgroup.kill`, "1");
    assert.equal(left, "");
    await removeCgroup(`${cgroup}/${name}`);
  }
  await removeCgroup(cgroup);
  if (!error) t.skip("the guard was faster each time");
});
