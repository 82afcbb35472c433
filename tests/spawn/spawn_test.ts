import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Child, Pidfd, spawn, type SpawnOptions } from "../../mod.ts";
import { countPidfds } from "../support/descriptors.ts";
import { HELPER, runScript } from "../support/processes.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** What a shell prints. */
async function printed(script: string, options: SpawnOptions = {}): Promise<string> {
  const { status, stdout } = await spawn("sh", ["-c", script], { ...options, stdout: "pipe" })
    .output();
  assert.equal(status.code, 0, script);
  return text(stdout);
}

let pidfds = 0;
before(() => pidfds = countPidfds());
after(() => assert.equal(countPidfds(), pidfds, "a pidfd was left open"));

test("a process that was spawned has a pid, a handle, and a status with what it used", async () => {
  const child = spawn("sh", ["-c", "exit 7"]);
  assert.ok(child instanceof Child);
  const { handle } = child;
  assert.equal(handle.pid, child.pid);
  const { known, code, signal, success, resourceUsage } = await child.status;
  assert.deepEqual({ known, code, signal, success }, {
    known: true,
    code: 7,
    signal: null,
    success: false,
  });
  assert.ok(resourceUsage!.userMicroseconds >= 0);
  assert.equal(handle.state(), "reaped");
  assert.equal(handle.signal("SIGTERM"), false);
  await child[Symbol.asyncDispose]();
});

test("every exit code, and a signal, come as the status", async () => {
  const codes = [0, 1, 2, 127, 128, 255];
  const children = codes.map((code) => spawn(HELPER, ["exit", String(code)]));
  const statuses = await Promise.all(children.map(({ status }) => status));
  assert.deepEqual(statuses.map(({ code }) => code), codes);
  const killed = spawn("sh", ["-c", "kill -9 $$"]);
  assert.equal((await killed.status).signal, "SIGKILL");
});

test("a closed or borrowed handle does not disturb the child", async () => {
  const child = spawn("sleep", ["100"]);
  child.handle.close();
  assert.equal(child.handle.isAlive(), true);
  const other = Pidfd.open(child.pid);
  assert.equal(other.equals(child.handle), true);
  other.close();
  assert.equal(child.kill("SIGKILL"), true);
  assert.equal((await child.status).signal, "SIGKILL");
  await child[Symbol.asyncDispose]();
});

test("arguments, argv0 and the name in PATH arrive as they are", async () => {
  const args = ["a b", "", "*", "é\n", "-x", "'\"$HOME"];
  const child = spawn("sh", ["-c", 'printf "%s|" "$0" "$@"', ...args], { stdout: "pipe" });
  assert.equal(text((await child.output()).stdout), args.map((arg) => `${arg}|`).join(""));
  const named = spawn(HELPER, ["pause"], { argv0: "other", stdout: "pipe" });
  // The kernel shows its arguments only a moment after spawn() has returned.
  await once(named.stdout!, "data");
  assert.equal(readFileSync(`/proc/${named.pid}/cmdline`, "utf8"), "other\0pause\0");
  await named[Symbol.asyncDispose]();
});

test("the environment is ours with what is set and without what is removed, or what is given alone", async () => {
  process.env.PIDFD_TEST_KEPT = "kept";
  process.env.PIDFD_TEST_GONE = "gone";
  try {
    const env = { PIDFD_TEST_NEW: "a=b", PIDFD_TEST_GONE: undefined };
    const all = await printed("env", { env });
    assert.match(all, /^PIDFD_TEST_KEPT=kept$/m);
    assert.match(all, /^PIDFD_TEST_NEW=a=b$/m);
    assert.doesNotMatch(all, /PIDFD_TEST_GONE/);
    const alone = spawn("/usr/bin/env", [], { env, clearEnv: true, stdout: "pipe" });
    assert.equal(text((await alone.output()).stdout), "PIDFD_TEST_NEW=a=b\n");
  } finally {
    delete process.env.PIDFD_TEST_KEPT;
    delete process.env.PIDFD_TEST_GONE;
  }
});

test("a command is looked for in the PATH that the child gets", async () => {
  const env = { PATH: `/nowhere::${HELPER.slice(0, HELPER.lastIndexOf("/"))}` };
  assert.equal((await spawn("helper", ["exit", "5"], { env }).status).code, 5);
  const cwd = HELPER.slice(0, HELPER.lastIndexOf("/"));
  assert.equal((await spawn("helper", ["exit", "6"], { env: { PATH: "" }, cwd }).status).code, 6);
  assert.equal((await spawn("./helper", ["exit", "4"], { cwd }).status).code, 4);
});

test("the working directory may be a path or a file URL", async () => {
  const folder = realpathSync(tmpdir());
  assert.equal(await printed("pwd -P", { cwd: folder }), `${folder}\n`);
  assert.equal(await printed("pwd -P", { cwd: pathToFileURL(folder) }), `${folder}\n`);
});

test("umask, session, group and no_new_privs are set in the child alone", async () => {
  const before = process.umask();
  const script = "umask; cat /proc/self/stat; grep NoNewPrivs /proc/self/status";
  const options: SpawnOptions = { umask: 0o27, session: true, group: true, noNewPrivileges: true };
  const [mask, stat, privileges] = (await printed(script, options)).split("\n");
  assert.equal(mask, "0027");
  assert.equal(privileges, "NoNewPrivs:\t1");
  const [, , group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  assert.equal(session, group);
  const child = spawn("sleep", ["100"], { group: true });
  const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1].split(" ");
  assert.equal(Number(fields[2]), child.pid);
  await child[Symbol.asyncDispose]();
  assert.equal(process.umask(), before);
});

test("limits are those that were asked for", async () => {
  const limits = { nofile: [64, 128], core: 0, cpu: Infinity } as const;
  const lines = (await printed("cat /proc/self/limits", { limits })).split("\n");
  const find = (name: string) => lines.find((line) => line.startsWith(name))!.split(/ {2,}/);
  assert.deepEqual(find("Max open files").slice(1, 3), ["64", "128"]);
  assert.deepEqual(find("Max core file size").slice(1, 3), ["0", "0"]);
  assert.deepEqual(find("Max cpu time").slice(1, 3), ["unlimited", "unlimited"]);
});

test("signals: none is blocked, and what only the runtime ignores is not ignored", async () => {
  // Not by a shell: busybox's ignores SIGQUIT.
  const { stdout } = await spawn("cat", ["/proc/self/status"], { stdout: "pipe" }).output();
  const lines = text(stdout);
  const mask = (name: string) => BigInt(`0x${new RegExp(`^${name}:\t(.*)$`, "m").exec(lines)![1]}`);
  assert.equal(mask("SigBlk"), 0n);
  const own = readFileSync("/proc/self/status", "utf8");
  const ignored = BigInt(`0x${/^SigIgn:\t(.*)$/m.exec(own)![1]}`);
  const bit = (number: number) => 1n << BigInt(number - 1);
  assert.equal(mask("SigIgn"), ignored & ~(bit(13) | bit(25)));
});

test("no signal is blocked, although the thread that starts the process blocks them", async () => {
  const { stdout, stderr } = await runScript("spawn_masks.ts");
  const masks: string[] = JSON.parse(stdout || "null") ?? assert.fail(stderr);
  assert.ok(masks.length >= 3);
  assert.deepEqual(masks.filter((mask) => mask !== "0000000000000000"), []);
});

test("terminate() asks, and then kills what does not listen", async () => {
  const polite = spawn("sleep", ["100"]);
  const { status, forced } = await polite.terminate();
  assert.deepEqual([status.signal, forced], ["SIGTERM", false]);
  const stubborn = spawn("sh", ["-c", "trap '' TERM; echo ready; exec sleep 100"], {
    stdout: "pipe",
    graceMs: 50,
  });
  await once(stubborn.stdout!, "data");
  const killed = await stubborn.terminate();
  assert.deepEqual([killed.status.signal, killed.forced], ["SIGKILL", true]);
  stubborn.stdout!.destroy();
  assert.deepEqual(await stubborn.terminate(), {
    status: await stubborn.status,
    forced: false,
    durationMs: 0,
  });
});

test("timeoutMs and an abort end it", async () => {
  const late = spawn("sleep", ["100"], { timeoutMs: 20 });
  assert.equal((await late.status).signal, "SIGTERM");
  const controller = new AbortController();
  const aborted = spawn("sleep", ["100"], { signal: controller.signal });
  controller.abort();
  assert.equal((await aborted.status).signal, "SIGTERM");
  const early = spawn("true", [], { timeoutMs: 2 ** 31 - 1, signal: new AbortController().signal });
  assert.equal((await early.status).code, 0);
  const reason = new Error("before");
  assert.throws(() => spawn("true", [], { signal: AbortSignal.abort(reason) }), reason);
});

test("wait() has limits, kill() says whether it was sent, and both may come after the end", async () => {
  const child = spawn("sleep", ["100"]);
  await assert.rejects(child.wait({ timeoutMs: 1 }), { name: "TimeoutError" });
  assert.equal(child.kill(0), true);
  const waiting = child.wait();
  assert.equal(child.kill(), true);
  assert.equal((await waiting).signal, "SIGTERM");
  assert.equal((await child.wait()).signal, "SIGTERM");
  assert.equal(child.kill(), false);
  assert.throws(() => child.kill("SIGNOPE" as never), TypeError);
});

test("disposing ends it", async () => {
  const child = spawn("cat", [], { stdin: "pipe", stdout: "pipe" });
  await child[Symbol.asyncDispose]();
  assert.equal((await child.status).signal, "SIGTERM");
});

test("a Child is made by spawn() alone", () => {
  assert.throws(() => Reflect.construct(Child, [{}]), TypeError);
});

test("a handle that nobody has asked for says that it was closed with the end", async () => {
  const child = spawn("true");
  await child.status;
  assert.throws(() => child.handle.isAlive(), { code: "EBADF", message: /nobody had asked/ });
  assert.equal(child.kill(), false);
});

test("Infinity is no limit of a wait, and of a child's time", async () => {
  const child = spawn("sleep", ["0.05"], { timeoutMs: Infinity });
  assert.equal((await child.handle.wait({ timeoutMs: Infinity })).code, 0);
  assert.equal(child.handle.waitSync(Infinity)!.code, 0);
  assert.equal((await child.wait({ timeoutMs: Infinity })).code, 0);
  await child[Symbol.asyncDispose]();
});
