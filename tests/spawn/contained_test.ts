import assert from "node:assert/strict";
import { test } from "node:test";
import { type Child, Pidfd, spawn, type SpawnOptions } from "../../mod.ts";
import { counts, isOver, leaving, untilPrinted } from "../support/contained.ts";
import { countDescriptors } from "../support/descriptors.ts";

const contained = { lifetime: "contained" } as const;

/** A contained command that has left processes in every way. */
async function started(last?: string, options: SpawnOptions = {}) {
  const child = spawn(...leaving(last), { ...contained, stdout: "pipe", graceMs: 200, ...options });
  await untilPrinted(child.stdout!);
  return child;
}

/** One with a time limit: longer, where the time was up before it had left them. */
async function startedFor(timeoutMs: number): Promise<Child> {
  try {
    return await started(undefined, { timeoutMs });
  } catch (error) {
    if (timeoutMs > 10_000) throw error;
    return await startedFor(4 * timeoutMs);
  }
}

test("a contained child is the command itself: its pid, its status, its usage, its output", async () => {
  const child = spawn("sh", ["-c", "echo $$ $PPID; exit 7"], { ...contained, stdout: "pipe" });
  const { status, stdout } = await child.output();
  const [pid, parent] = new TextDecoder().decode(stdout).trim().split(" ").map(Number);
  assert.equal(child.pid, pid);
  assert.notEqual(parent, process.pid);
  assert.equal(status.code, 7);
  assert.ok(status.resourceUsage!.maxResidentBytes > 0);
  assert.deepEqual(counts(await child.contained), { asked: 0, killed: 0, settled: true });
});

test("terminate() ends all that a contained child has started, and says who was killed", async () => {
  const child = await started();
  const { status, forced, contained } = await child.terminate();
  assert.ok(await isOver(child.stdout!));
  assert.equal(status.signal, "SIGTERM");
  assert.equal(forced, true);
  assert.ok(contained!.asked >= 5 && contained!.killed >= 2, JSON.stringify(contained));
  assert.equal(contained!.settled, true);
  assert.deepEqual(await child.terminate(), { status, forced: false, durationMs: 0, contained });
});

test("what a contained child leaves behind is ended after its own end", async () => {
  const child = await started("read line; exit 3", { stdin: "pipe" });
  child.stdin!.end("\n");
  assert.equal((await child.status).code, 3);
  assert.equal((await child.contained)!.settled, true);
  assert.ok(await isOver(child.stdout!));
});

test("a grace is given to what a contained child leaves, and no more than the shortest", async () => {
  const child = await started("read line", { stdin: "pipe", graceMs: Infinity });
  child.stdin!.end("\n");
  await child.status;
  const early = child.terminate({ graceMs: 2 ** 31 - 1 });
  const { contained } = await child.terminate({ graceMs: 0 });
  assert.equal(contained!.settled, true);
  assert.deepEqual((await early).contained, contained);
  assert.ok(await isOver(child.stdout!));
});

test("the signal that asks is the one that was chosen, with the default of the options", async () => {
  const script = `trap "exit 4" USR1; trap "exit 5" USR2; echo ready; while :; do sleep 1; done`;
  for (const [killSignal, code] of [[undefined, 4], ["SIGUSR2", 5]] as const) {
    const options = { ...contained, stdout: "pipe", killSignal: "SIGUSR1" } as const;
    const child = spawn("sh", ["-c", script], options);
    await untilPrinted(child.stdout!);
    assert.equal((await child.terminate({ killSignal })).status.code, code);
  }
});

test("a time limit, a signal and the end of its use end a contained child with all it has", async () => {
  const abort = new AbortController();
  const ends: [() => Promise<Child>, () => unknown][] = [
    [() => startedFor(300), () => {}],
    [() => started(undefined, { signal: abort.signal }), () => abort.abort()],
  ];
  for (const [start, end] of ends) {
    const child = await start();
    end();
    assert.equal((await child.contained)!.settled, true);
    assert.equal((await child.status).signal, "SIGTERM");
    assert.ok(await isOver(child.stdout!));
  }
  const child = await started();
  const { stdout } = child;
  await child[Symbol.asyncDispose]();
  assert.equal((await child.contained)!.settled, true);
  assert.equal(child.handle.closed, true);
  assert.ok(stdout!.destroyed);
});

test("a wait for a contained child has limits, and its status", async () => {
  const child = spawn("sleep", ["100"], contained);
  await assert.rejects(child.wait({ timeoutMs: 10 }), { name: "TimeoutError" });
  const reason = new Error("enough");
  const wait = child.wait({ signal: AbortSignal.abort(reason) });
  await assert.rejects(wait, (error) => error === reason);
  const waits = [child.wait(), child.handle.wait()];
  await assert.rejects(child.terminate({ signal: AbortSignal.abort(reason) }), /enough/);
  child.kill("SIGINT");
  for (const status of await Promise.all(waits)) assert.equal(status.signal, "SIGINT");
});

test("a command that can't be started is the same error as without a guard, and leaves none", () => {
  const cases: [string, SpawnOptions, string, string][] = [
    ["/no/such/program", {}, "execve", "ENOENT"],
    ["/tmp", {}, "execve", "EACCES"],
    ["true", { cwd: "/no/such/folder" }, "chdir", "ENOENT"],
    ["true", { fds: { 3: 999_999 } }, "fcntl", "EBADF"],
    ["true", { cgroup: "/no/such/cgroup" }, "cgroup", "ENOENT"],
  ];
  const before = countDescriptors();
  for (const [command, options, syscall, code] of cases) {
    const run = () => spawn(command, [], { ...contained, ...options });
    assert.throws(run, { name: "SpawnFailedError", syscall, code });
  }
  const large = () => spawn("true", ["x".repeat(200_000)], contained);
  assert.throws(large, { syscall: "execve", code: "E2BIG" });
  assert.ok(countDescriptors() <= before + 2);
});

test("without a guard there is nothing that is contained", async () => {
  const child = spawn("true");
  assert.equal(child.contained, null);
  await child.status;
  assert.equal("contained" in await child.terminate(), false);
});

test("one that is killed beside its guard has its status all the same", async () => {
  const child = spawn("sleep", ["100"], contained);
  const other = Pidfd.open(child.pid);
  other.signal("SIGKILL");
  other.close();
  assert.equal((await child.status).signal, "SIGKILL");
  assert.deepEqual(counts(await child.contained), { asked: 0, killed: 0, settled: true });
});

test("what all of it had used up is told, also of those whom nobody has waited for", async () => {
  const burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo ready; exec sleep 100";
  const script = `sh -c '${burn}' & exec sleep 100`;
  const options = { lifetime: "contained", stdout: "pipe" } as const;
  const child = spawn("sh", ["-c", script], options);
  await untilPrinted(child.stdout!);
  const { status, contained } = await child.terminate();
  const [own, all] = [status.resourceUsage!, contained!.resourceUsage!];
  assert.deepEqual(await child.contained, contained);
  // The loop alone takes some 50 ms.
  assert.ok(all.userMicroseconds > 10_000 + own.userMicroseconds, JSON.stringify(all));
  assert.ok(all.maxResidentBytes >= own.maxResidentBytes);
});
