import assert from "node:assert/strict";
import { test } from "node:test";
import { constants } from "node:os";
import { features, Pidfd, type Signal } from "../../mod.ts";
import { assertThrows, thrown, WRONG_NUMBERS, WRONG_TYPES } from "../support/errors.ts";
import { HELPER, Helper, paused, runScript } from "../support/processes.ts";

/** Sends one signal to a process that waits, and gives the signal that ended it. */
async function endedBy(signal?: Signal | number): Promise<string | null> {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  assert.equal(signal === undefined ? handle.signal() : handle.signal(signal), true);
  const status = handle.waitSync(2000);
  handle.signal("SIGKILL");
  await helper.exit;
  handle.close();
  return status && status.signal;
}

test("signal() sends SIGTERM when nothing is said", async () => {
  assert.equal(await endedBy(), "SIGTERM");
});

test("signal() takes names with and without their prefix, and numbers", async () => {
  assert.equal(await endedBy("SIGKILL"), "SIGKILL");
  assert.equal(await endedBy("USR1"), "SIGUSR1");
  assert.equal(await endedBy(2), "SIGINT");
});

const exitRecord = features().PIDFD_INFO_EXIT;
test("signal() takes real-time signals", {
  skip: exitRecord.available ? false : exitRecord.found,
}, async () => {
  const signals: [given: Signal | number, name: string][] = [
    ["SIGRTMIN", "SIGRTMIN"],
    ["RTMIN+3", "SIGRTMIN+3"],
    ["SIGRTMAX-1", "SIGRTMIN+29"],
    [64, "SIGRTMIN+30"],
  ];
  for (const [given, name] of signals) {
    // Not a child of ours: Deno's node:child_process throws when a real-time signal ends one.
    const helper = new Helper("parent");
    const handle = Pidfd.open(Number(await helper.line()));
    assert.equal(handle.signal(given), true);
    assert.equal(await helper.line(), "ended");
    helper.send();
    assert.equal(await helper.line(), "reaped");
    assert.equal(handle.status()!.signal, name);
    handle.close();
    await helper.end();
  }
});

test("signal() knows every name that the runtime knows, by the same number", async () => {
  const handle = Pidfd.self();
  const fatal = Object.entries(constants.signals).filter(([name]) =>
    !["SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"]
      .includes(name) && name !== "SIGUNUSED"
  );
  assert.ok(fatal.length > 20);
  for (const [name, number] of fatal) {
    const byName = await endedBy(name as Signal);
    assert.notEqual(byName, null, name);
    assert.equal(byName, await endedBy(number as number), name);
  }
  handle.close();
});

test("signal() stops and continues a process, which stays alive", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  assert.equal(handle.signal("SIGSTOP"), true);
  assert.equal(handle.isAlive(), true);
  assert.equal(handle.state(), "running");
  assert.equal(handle.signal("SIGCONT"), true);
  assert.equal(handle.isAlive(), true);
  handle.close();
  await helper.kill();
});

test("signal(0) asks only", async () => {
  const helper = await paused();
  const handle = Pidfd.of(helper.child);
  assert.equal(handle.signal(0), true);
  assert.equal(handle.isAlive(), true);
  handle.close();
  await helper.kill();
});

test("signal() is false for a zombie, which the kernel would take signals for", async () => {
  const helper = new Helper("zombie", "3");
  const pid = Number(await helper.line());
  const handle = Pidfd.open(pid);
  assert.equal(process.kill(pid, 0), true, "the bare number says that all is well");
  assert.equal(handle.isAlive(), false);
  assert.equal(handle.signal("SIGTERM"), false);
  assert.equal(handle.signal(0), false);
  helper.send();
  assert.equal(await helper.line(), "reaped");
  assert.equal(handle.signal("SIGTERM"), false);
  handle.close();
  await helper.end();
});

test("signal() refuses unknown names, and suggests the right one", () => {
  const handle = Pidfd.self();
  const hints: [string, string | undefined][] = [
    ["SIGTREM", "SIGTERM"],
    ["sigterm", "SIGTERM"],
    ["kill", "SIGKILL"],
    ["SIGUSR3", "SIGUSR1"],
    ["SIGHUB", "SIGHUP"],
    ["SIGWINHC", "SIGWINCH"],
    ["NOPE", undefined],
    ["SIGNOPE", undefined],
    ["TEXT", undefined],
    ["", undefined],
    ["7", undefined],
    ["33", undefined],
    ["SIGRTMIN+31", undefined],
    ["SIGRTMIN-1", undefined],
    ["toString", undefined],
    ["constructor", undefined],
  ];
  for (const [name, hint] of hints) {
    const error = thrown(() => handle.signal(name as Signal));
    assert.equal(error.name, "TypeError");
    const end = hint === undefined ? "" : ` (did you mean "${hint}"?)`;
    if (hint !== undefined || name.length > 4 || name === "") {
      assert.ok(error.message.startsWith("Cannot signal: no signal has this name: "));
    }
    if (hint !== undefined) assert.ok(error.message.endsWith(end), error.message);
    else if (/^[A-Z]+$/.test(name)) assert.doesNotMatch(error.message, /did you mean/);
  }
  handle.close();
});

test("signal() refuses wrong arguments before any native call", () => {
  const handle = Pidfd.self();
  for (const value of WRONG_TYPES) {
    assert.throws(() => handle.signal(value as Signal), { name: "TypeError" }, String(value));
  }
  for (const value of [65, ...WRONG_NUMBERS]) {
    assert.throws(() => handle.signal(value), {
      name: "RangeError",
      message: /^Cannot signal: "signal" must be an integer from 0 to 64: /,
    });
  }
  assert.equal(handle.isAlive(), true);
  handle.close();
});

const DENIALS: [errno: number, code: string][] = [[38, "ENOSYS"], [1, "EPERM"], [11, "EAGAIN"], [
  22,
  "EINVAL",
]];
for (const [errno, code] of DENIALS) {
  test(`signal() throws ${code} where the kernel answers errno ${errno}`, async () => {
    const result = await runScript("signal_self.ts", {
      through: [HELPER, "deny", "424", String(errno)],
    });
    const wanted = `PidfdSignalFailedError ${code} ${-errno} pidfd_send_signal true`;
    assert.equal(result.stdout.trim(), wanted, result.stderr);
  });
}

test("signal() is false where the kernel says that the process is gone after the look", async () => {
  const result = await runScript("signal_self.ts", { through: [HELPER, "deny", "424", "3"] });
  assert.equal(result.stdout.trim(), "false", result.stderr);
});

test("signal() throws EREMOTE for a process in another pid namespace", {
  skip: process.getuid!() === 0 ? false : "a pid namespace needs root",
}, async () => {
  const helper = await paused();
  const result = await runScript("foreign.ts", {
    through: [HELPER, "in-pid-namespace", String(helper.child.pid)],
  });
  assert.deepEqual(JSON.parse(result.stdout || "null"), {
    alive: true,
    state: "running",
    signal: "EREMOTE",
    pid: "EREMOTE",
  }, result.stderr);
  await helper.kill();
});

test("terminate() throws for the first process of the pid namespace, which nobody in it can kill", {
  skip: process.getuid!() === 0 ? false : "a pid namespace needs root",
}, async () => {
  const isolated = [HELPER, "in-pid-namespace", String(process.pid), HELPER, "mount-proc", "ro"];
  const first = ["/bin/sh", "-c", 'trap "" TERM; "$@"; echo "ended with $?"', "sh"];
  const { stdout, stderr } = await runScript("end_first.ts", { through: [...isolated, ...first] });
  assert.match(
    stdout,
    // Node hears SIGTERM also where its parent ignored it.
    /^pidfd_send_signal EPERM: nobody .* kill its first process, pid 1\nended with (137|143)\n$/,
    stderr,
  );
});

test("signal() throws on a closed handle", () => {
  const handle = Pidfd.self();
  handle.close();
  assertThrows(() => handle.signal(0), { name: "PidfdError", code: "EBADF", errno: -9 });
});
