import assert from "node:assert/strict";
import { test } from "node:test";
import { type Features, features, overrideSyscallNumbers, Pidfd } from "../../mod.ts";
import { countDescriptors } from "../support/descriptors.ts";
import { HELPER, runScript } from "../support/processes.ts";

test("features() says of each ability whether it is there, since when, and how that is known", () => {
  const all = features();
  const since = Object.fromEntries(Object.entries(all).map(([name, { since }]) => [name, since]));
  assert.deepEqual(since, {
    pidfd_open: "5.3",
    pidfd_send_signal: "5.1",
    poll: "5.3",
    waitid: "5.4",
    pidfd_getfd: "5.6",
    process_madvise: "5.10",
    process_mrelease: "5.15",
    SO_PEERPIDFD: "6.5",
    SO_PASSPIDFD: "6.5",
    PIDFD_THREAD: "6.9",
    PIDFD_SIGNAL_THREAD_GROUP: "6.9",
    pidfs: "6.9",
    PIDFD_GET_NET_NAMESPACE: "6.11",
    PIDFD_GET_INFO: "6.13",
    file_handles: "6.14",
    PIDFD_INFO_EXIT: "6.15",
    PIDFD_INFO_COREDUMP: "6.16",
    PIDFD_INFO_COREDUMP_SIGNAL: "6.19",
    PIDFD_INFO_COREDUMP_CODE: "7.1",
  });
  for (const { available, found } of Object.values(all)) {
    assert.equal(typeof available, "boolean");
    assert.match(found, / answered (E[A-Z]+|\d+)$/);
  }
  assert.equal(Pidfd.supported, true);
});

/** What features() and supported say under a seccomp filter. */
async function under(...filter: string[]): Promise<{ supported: boolean; all: Features }> {
  const result = await runScript("features.ts", { through: [HELPER, ...filter] });
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

for (const [errno, code] of [[38, "ENOSYS"], [1, "EPERM"]] as const) {
  test(`supported is false with the reason where a profile answers ${code} to pidfd_open`, async () => {
    const { supported, all } = await under("deny", "434", String(errno));
    assert.equal(supported, false);
    assert.equal(all.pidfd_open.available, false);
    assert.equal(all.pidfd_open.found, `pidfd_open(self) answered ${code}`);
  });

  test(`supported is false with the reason where a profile answers ${code} to pidfd_send_signal`, async () => {
    const { supported, all } = await under("deny", "424", String(errno));
    assert.equal(supported, false);
    assert.equal(all.pidfd_open.available, true);
    assert.equal(all.pidfd_send_signal.available, false);
    assert.equal(all.pidfd_send_signal.found, `pidfd_send_signal(self, 0) answered ${code}`);
  });
}

test("features() looks as before Linux 6.13 where PIDFD_GET_INFO is missing", async () => {
  const { supported, all } = await under("deny-ioctl", String(0xC058FF0B), "25");
  assert.equal(supported, true);
  assert.equal(all.PIDFD_GET_INFO.available, false);
  assert.equal(all.PIDFD_GET_INFO.found, "ioctl(self, PIDFD_GET_INFO) answered ENOTTY");
  assert.equal(all.PIDFD_INFO_EXIT.available, false);
  assert.equal(all.pidfs.available, features().pidfs.available);
});

test("features() says so where what takes from a process is missing, and nothing else changes", async () => {
  const missing = ["pidfd_getfd", "process_madvise", "process_mrelease"] as const;
  const numbers = [438, 440, 448];
  const filters = numbers.flatMap((number) => ["deny", String(number), "38", HELPER]);
  const { supported, all } = await under(...filters.slice(0, -1));
  assert.equal(supported, true);
  for (const name of missing) {
    assert.equal(all[name].available, false);
    assert.match(all[name].found, / answered ENOSYS$/);
  }
  const here = features();
  for (const name of Object.keys(here) as (keyof Features)[]) {
    if (!missing.includes(name as never)) assert.deepEqual(all[name], here[name]);
  }
});

test("what passes is not remembered: no process could be made just then", async () => {
  const result = await runScript("probe_fault.ts", {
    through: [HELPER, "fail-once", "clone", "11"],
  });
  const { during, after } = JSON.parse(result.stdout || "{}");
  // Linux 6.19 and later say it themselves, and nothing fails.
  assert.match(during?.found, / answered (EAGAIN|1|0)$/, result.stderr);
  assert.deepEqual(after, features().PIDFD_INFO_EXIT);
});

test("features() leaves no descriptor behind", () => {
  const before = countDescriptors();
  const rounds = 50;
  for (let round = 0; round < rounds; round++) {
    // What was found out before is forgotten by this.
    overrideSyscallNumbers({})[Symbol.dispose]();
    features();
  }
  // The runtime's other threads open and close a few of their own meanwhile; one left a round would
  // be fifty.
  assert.ok(countDescriptors() - before < rounds / 2);
});

test("features() on another system says so, and importing there throws nothing", async () => {
  const result = await runScript("other_platform.ts");
  assert.deepEqual(JSON.parse(result.stdout || "null"), {
    supported: false,
    available: [],
    found: "pidfd_open ENOSYS: process file descriptors exist on Linux only: this is darwin",
    open: [
      "PidfdOpenFailedError",
      "ENOSYS",
      "pidfd_open ENOSYS: process file descriptors exist on Linux only: this is darwin",
    ],
    processes: ["PidfdOpenFailedError", "ENOSYS"],
  }, result.stderr);
});
