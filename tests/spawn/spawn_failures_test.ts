import assert from "node:assert/strict";
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { PidfdError, spawn, SpawnFailedError } from "../../mod.ts";
import { makeLimitedCgroup, removeCgroup } from "../support/cgroups.ts";
import { countDescriptors } from "../support/descriptors.ts";
import { thrown, WRONG_NUMBERS } from "../support/errors.ts";
import { HELPER, runScript } from "../support/processes.ts";

const folder = mkdtempSync(`${tmpdir()}/pidfd-spawn-`);
after(() => rmSync(folder, { recursive: true }));

/** A file of the folder. */
function file(name: string, content: string, mode = 0o755): string {
  writeFileSync(`${folder}/${name}`, content);
  chmodSync(`${folder}/${name}`, mode);
  return `${folder}/${name}`;
}

test("a failure names the step, the errno and the file", () => {
  const plain = file("plain", "text", 0o644);
  const loop = file("interpreter", "#!/no/such/interpreter\n");
  const cases: [Parameters<typeof spawn>, string, string, string][] = [
    [["pidfd-no-such-command"], "ENOENT", "execve", "pidfd-no-such-command"],
    [["/no/such/file"], "ENOENT", "execve", "/no/such/file"],
    [[plain], "EACCES", "execve", plain],
    [[folder], "EACCES", "execve", folder],
    [[loop], "ENOENT", "execve", loop],
    [[`${plain}/x`], "ENOTDIR", "execve", `${plain}/x`],
    [[file("no-program", "not a program")], "ENOEXEC", "execve", `${folder}/no-program`],
    [["true", ["x".repeat(200_000)]], "E2BIG", "execve", "true"],
    [["true", [], { cwd: "/no/such/folder" }], "ENOENT", "chdir", "/no/such/folder"],
    [["true", [], { cwd: plain }], "ENOTDIR", "chdir", plain],
    [["true", [], { cgroup: "/no/such/cgroup" }], "ENOENT", "cgroup", "/no/such/cgroup"],
  ];
  const before = countDescriptors();
  for (const [call, code, syscall, path] of cases) {
    const error = thrown(() => spawn(...call));
    assert.ok(error instanceof SpawnFailedError && error instanceof PidfdError);
    assert.deepEqual([error.name, error.code, error.syscall, error.path], [
      "SpawnFailedError",
      code,
      syscall,
      path,
    ], error.message);
    assert.match(error.message, new RegExp(`^${syscall} ${code}: `));
  }
  assert.ok(countDescriptors() <= before + 2);
});

test("a program that somebody writes to is busy", () => {
  const program = file("busy", "");
  const writer = openSync(program, "a");
  try {
    assert.equal(thrown(() => spawn(program)).code, "ETXTBSY");
  } finally {
    closeSync(writer);
  }
});

test("a descriptor that is not open, and a number above the limit, are errors", () => {
  const error = thrown(() => spawn("true", [], { fds: { 3: 1_000_000 } }));
  assert.deepEqual([error.code, error.syscall], ["EBADF", "fcntl"]);
  const high = thrown(() => spawn("true", [], { fds: { 1_048_575: 0 }, stdout: "pipe" }));
  assert.deepEqual([high.code, high.syscall], ["EBADF", "dup3"]);
  assert.throws(() => spawn("true", [], { limits: { nofile: 2 ** 50 } }), {
    syscall: "prlimit",
    code: "EPERM",
  });
});

test("wrong arguments are refused before anything is started", () => {
  const call = spawn as (...args: unknown[]) => unknown;
  const types: unknown[][] = [
    [],
    [undefined],
    [7],
    [""],
    ["a\0b"],
    ["\ud800"],
    ["true", "x"],
    ["true", [1]],
    ["true", ["a\0"]],
    ["true", ["\udc00"]],
    ["true", null],
    ["true", [], null],
    ["true", [], 7],
    ...[
      { cwd: "" },
      { cwd: 7 },
      { cwd: "a\0" },
      { cwd: new URL("http://example.org/") },
      { cwd: new URL("file:///a%2fb") },
      { env: 7 },
      { env: { "": "x" } },
      { env: { "A=B": "x" } },
      { env: { "A\0": "x" } },
      { env: { A: 7 } },
      { env: { A: "\0" } },
      { clearEnv: 1 },
      { argv0: 7 },
      { argv0: "\0" },
      { umask: "7" },
      { stdin: "ignore" },
      { stdout: null },
      { stderr: {} },
      { fds: 7 },
      { fds: { 3: "inherit" } },
      { fds: { 3: null } },
      { session: "yes" },
      { group: 1 },
      { lifetime: "for ever" },
      { killSignal: "SIGNONE" },
      { cgroup: "" },
      { cgroup: {} },
      { limits: 7 },
      { limits: { files: 7 } },
      { limits: { nofile: "7" } },
      { limits: { nofile: [1] } },
      { uid: "root" },
      { gid: null },
      { groups: 7 },
      { groups: ["x"] },
      { noNewPrivileges: 1 },
      { signal: {} },
      { timeoutMs: "7" },
      { graceMs: null },
    ].map((options) => ["true", [], options]),
  ];
  for (const args of types) assert.throws(() => call(...args), TypeError, JSON.stringify(args));
  const ranges = [
    ...WRONG_NUMBERS.map((stdin) => ({ stdin })),
    // Infinity is a time here.
    ...WRONG_NUMBERS.filter((number) => number !== Infinity).flatMap((number) => [
      { timeoutMs: number },
      { graceMs: number },
    ]),
    { killSignal: 0 },
    { umask: 0o1000 },
    { umask: -1 },
    { fds: { 2: 1 } },
    { fds: { x: 1 } },
    { fds: { "03": 1 } },
    { fds: { 1048576: 1 } },
    { fds: { 3: -1 } },
    { cgroup: -1 },
    { limits: { nofile: -1 } },
    { limits: { nofile: [2, 1] } },
    { limits: { nofile: NaN } },
    { uid: 2 ** 32 - 1 },
    { gid: -1 },
    { groups: [2 ** 32] },
    { groups: Array(1025).fill(0) },
  ];
  for (const options of ranges) {
    assert.throws(() => call("true", [], options), RangeError, JSON.stringify(options));
  }
});

test("whichever step has no descriptor left is named, and nothing is lost", async () => {
  const through = ["sh", "-c", 'ulimit -n 256; exec "$0" "$@"'];
  const users = process.getuid!() === 0 ? [{}, { uid: 1234 }] : [{}];
  for (const lifetime of ["independent", "contained"]) {
    for (const user of users) {
      const args = [JSON.stringify({ lifetime, ...user })];
      const { stdout, stderr } = await runScript("spawn_exhausted.ts", { through, args });
      const { results, ...left } = JSON.parse(stdout || "null") ?? assert.fail(stderr);
      assert.equal(results.pop(), "0", stdout);
      const steps = new Set(results.map((result: string) => /^EMFILE (\w+)$/.exec(result)?.[1]));
      // A program in between needs one more than the clone: it fails before.
      const last = lifetime === "contained" || "uid" in user ? "memfd_create" : "clone";
      assert.deepEqual([...steps].sort(), ["fcntl", "pipe2", "socketpair", last].sort(), stdout);
      assert.deepEqual(left, { descriptors: 0, children: 0, threads: 0 }, stdout);
    }
  }
});

const limited = makeLimitedCgroup();

test("where a cgroup has no room for a process, that is said, and nothing is lost", {
  skip: limited ? false : "there is no cgroup with a limit of processes",
}, async () => {
  const through = ["sh", "-c", `echo $$ > ${limited}/cgroup.procs; exec "$0" "$@"`];
  try {
    for (const lifetime of ["independent", "contained"]) {
      const args = [limited!, lifetime];
      const { stdout, stderr } = await runScript("spawn_cgroup_full.ts", { through, args });
      const { results, ...left } = JSON.parse(stdout || "null") ?? assert.fail(stderr);
      assert.equal(results.pop(), "0", stdout);
      // Of a contained one the guard has room at first, and its command has not.
      assert.ok(results.length >= (lifetime === "contained" ? 2 : 1), stdout);
      assert.deepEqual(new Set(results), new Set(["EAGAIN clone"]));
      assert.deepEqual(left, { descriptors: 0, children: 0, threads: 0 }, stdout);
    }
  } finally {
    await removeCgroup(limited!);
  }
});

test("a process that can't be waited for at first is not lost", async () => {
  const through = [HELPER, "fail-once", "epoll_create1", "12"];
  const { stdout, stderr } = await runScript("spawn_watcher_fault.ts", { through });
  assert.equal(stdout.trim(), "SIGKILL SIGKILL reaped", stderr);
});

test("a folder that is no cgroup of version 2 is named", () => {
  const error = thrown(() => spawn("true", [], { cgroup: folder }));
  assert.deepEqual([error.syscall, error.path], ["cgroup", folder]);
});
