import assert from "node:assert/strict";
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { test } from "node:test";
import { spawn, type SpawnOptions } from "../../mod.ts";
import { cgroupFolder, lacksFolders, makeCgroup, removeCgroup } from "../support/cgroups.ts";
import { CPU } from "../support/cpu.ts";
import { countDescriptors } from "../support/descriptors.ts";
import { thrown } from "../support/errors.ts";
import { isMusl } from "../support/libc.ts";
import { HELPER, runScript } from "../support/processes.ts";

const needsRoot = process.getuid!() === 0 ? false : "it needs root";
const lacksCgroup = await lacksFolders();
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The ids of a process with these options. */
async function ids(options: SpawnOptions): Promise<string[]> {
  const child = spawn("cat", ["/proc/self/status"], { ...options, stdout: "pipe" });
  const { stdout, status } = await child.output();
  assert.equal(status.code, 0);
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, "m").exec(text(stdout))![1];
  return ["Uid", "Gid", "Groups"].map((name) => field(name).replaceAll("\t", " ").trim());
}

test("user, group and groups are those that were asked for", { skip: needsRoot }, async () => {
  assert.deepEqual(await ids({ uid: 1234, gid: 2345, groups: [7, 5] }), [
    "1234 1234 1234 1234",
    "2345 2345 2345 2345",
    "5 7",
  ]);
  assert.deepEqual(await ids({ uid: 1234 }), ["1234 1234 1234 1234", "0 0 0 0", ""]);
  const many = Array.from({ length: 1024 }, (_, index) => index + 1);
  assert.equal((await ids({ groups: many }))[2], many.join(" "));
});

test("everything else goes with another user too", { skip: needsRoot }, async () => {
  const script = "pwd; umask; echo $0 $A; ls -l /proc/$$/fd; grep Sig /proc/self/status";
  const child = spawn("sh", ["-c", script], {
    uid: 1234,
    gid: 1234,
    cwd: "/tmp",
    umask: 0o77,
    // busybox's shell goes by its name.
    argv0: "ash",
    env: { A: "b" },
    stdin: "null",
    stdout: "pipe",
    stderr: "null",
    fds: { 9: "pipe", 3: "socket" },
  });
  const { stdout } = await child.output();
  const lines = text(stdout).split("\n");
  assert.deepEqual(lines.slice(0, 3), ["/tmp", "0077", "ash b"]);
  const numbers = [...text(stdout).matchAll(/ (\d+) -> /g)].map(([, number]) => number);
  assert.deepEqual(numbers.sort(), ["0", "1", "2", "3", "9"]);
  assert.match(text(stdout), /SigBlk:\t0+\n/);
  child.fds[3].destroy();
  child.fds[9].destroy();
});

test("a failure behind the change of the user has its step too", { skip: needsRoot }, () => {
  const before = countDescriptors();
  const options = { uid: 1234, gid: 1234, stdout: "pipe" } as const;
  const absent = thrown(() => spawn("/no/such/file", [], options));
  assert.deepEqual([absent.code, absent.syscall, absent.path], [
    "ENOENT",
    "execve",
    "/no/such/file",
  ]);
  const large = thrown(() => spawn("true", ["x".repeat(200_000)], options));
  assert.deepEqual([large.code, large.syscall], ["E2BIG", "execve"]);
  assert.ok(countDescriptors() <= before + 2);
});

/** What prctl(2) answers of this process, on the runtimes that call C. */
function dumpable(): number | undefined {
  const PR_GET_DUMPABLE = 3;
  // deno-lint-ignore no-explicit-any
  const { Deno: deno, Bun: bun } = globalThis as any;
  const name = isMusl ? `libc.musl-${CPU}.so.1` : "libc.so.6";
  if (bun) {
    const { dlopen } = process.getBuiltinModule("bun:ffi" as never) as never as typeof bun;
    return dlopen(name, { prctl: { args: ["i32"], returns: "i32" } }).symbols.prctl(
      PR_GET_DUMPABLE,
    );
  }
  if (!deno) return undefined;
  return deno.dlopen(name, { prctl: { parameters: ["i32"], result: "i32" } }).symbols.prctl(
    PR_GET_DUMPABLE,
  );
}

test("this process stays as dumpable as it was, whatever the options", {
  skip: dumpable() === undefined ? "this runtime calls no C" : false,
}, async () => {
  const before = dumpable();
  assert.equal(before, 1);
  const all: SpawnOptions[] = [
    { session: true, group: true, umask: 0, noNewPrivileges: true, lifetime: "parent" },
    { lifetime: "contained", session: true },
    { limits: { core: 0 }, cwd: "/", argv0: "x", clearEnv: true },
    ...(needsRoot
      ? []
      : [{ uid: 1234 }, { gid: 1234, lifetime: "contained" as const }, { groups: [1] }]),
    { fds: { 3: "socket", 4: "pipe" } },
  ];
  for (const options of all) {
    const child = spawn("/bin/true", [], options);
    assert.equal(dumpable(), before, JSON.stringify(options));
    await child.status;
    assert.equal(dumpable(), before, JSON.stringify(options));
    child[Symbol.asyncDispose]();
  }
});

test("who may not change the user is told so", { skip: needsRoot }, async () => {
  const folder = mkdtempSync("/tmp/pidfd-spawn-");
  try {
    chmodSync(folder, 0o777);
    const { stdout, stderr } = await runScript("spawn_as_others.ts", {
      through: [HELPER, "as", "12345"],
      env: { HOME: folder, DENO_DIR: `${folder}/deno` },
    });
    assert.equal(stdout, "EPERM setresuid\nEPERM setresgid\nEPERM setgroups\n0\n", stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a process is born in a cgroup", { skip: lacksCgroup }, async () => {
  const folder = makeCgroup();
  const fd = openSync(folder, "r");
  try {
    for (const cgroup of [folder, fd]) {
      const child = spawn("sleep", ["100"], { cgroup });
      assert.equal(cgroupFolder(child.pid), folder);
      assert.equal(readFileSync(`${folder}/cgroup.procs`, "utf8"), `${child.pid}\n`);
      await child[Symbol.asyncDispose]();
    }
  } finally {
    closeSync(fd);
    await removeCgroup(folder);
  }
});
