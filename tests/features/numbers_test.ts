import assert from "node:assert/strict";
import { test } from "node:test";
import { overrideSyscallNumbers, Pidfd, syscallNumbers } from "../../mod.ts";
import { runScript } from "../support/processes.ts";
import { WRONG_NUMBERS } from "../support/errors.ts";

test("syscallNumbers() gives the numbers of this CPU", () => {
  const waitid = {
    x64: 247,
    arm64: 95,
    riscv64: 95,
    loong64: 95,
    ppc64: 272,
    s390x: 281,
    arm: 280,
  };
  assert.deepEqual(syscallNumbers(), {
    pidfd_send_signal: 424,
    pidfd_open: 434,
    waitid: waitid[process.arch as keyof typeof waitid],
    pidfd_getfd: 438,
    process_madvise: 440,
    process_mrelease: 448,
  });
});

test("overrideSyscallNumbers() makes calls fail, and puts the numbers back", async () => {
  // In a process of its own, because the numbers belong to the whole library.
  const result = await runScript("override.ts");
  assert.deepEqual(JSON.parse(result.stdout || "null"), {
    before: true,
    missingOpen: [false, "ENOSYS"],
    isRead: 60000,
    missingSignal: "ENOSYS",
    reapWithoutWaitid: "ENOSYS",
    missingGetFd: ["ENOSYS", "ENOSYS"],
    after: true,
    numbersAreBack: true,
  }, result.stderr);
});

test("overrideSyscallNumbers() refuses wrong numbers, and changes nothing", () => {
  const before = syscallNumbers();
  for (const value of [undefined, null, "7", 5n, {}]) {
    assert.throws(() => overrideSyscallNumbers({ pidfd_open: value as number }), {
      name: "TypeError",
    });
  }
  for (const value of WRONG_NUMBERS) {
    assert.throws(() => overrideSyscallNumbers({ pidfd_open: value }), { name: "RangeError" });
  }
  for (const value of [undefined, null, 7, "7"]) {
    assert.throws(() => overrideSyscallNumbers(value as never), { name: "TypeError" });
  }
  assert.throws(() => overrideSyscallNumbers({ kill: 62 } as never), { name: "TypeError" });
  assert.deepEqual(syscallNumbers(), before);
  assert.equal(Pidfd.supported, true);
});

test("overrideSyscallNumbers() checks the very numbers that it writes", () => {
  const before = syscallNumbers();
  for (const later of [1e99, "7", -1]) {
    let reads = 0;
    const numbers = {
      get process_mrelease() {
        return reads++ === 0 ? before.process_mrelease : later as number;
      },
    };
    const override = overrideSyscallNumbers(numbers);
    assert.deepEqual(syscallNumbers(), before);
    override[Symbol.dispose]();
  }
});

test("overrideSyscallNumbers() may be taken back in any order", () => {
  const before = syscallNumbers();
  const [first, second, third] = [
    overrideSyscallNumbers({ pidfd_open: 60000, waitid: 60000 }),
    overrideSyscallNumbers({ waitid: 60001 }),
    overrideSyscallNumbers({ process_mrelease: 60002 }),
  ];
  second[Symbol.dispose]();
  assert.equal(syscallNumbers().waitid, 60000);
  first[Symbol.dispose]();
  assert.deepEqual(syscallNumbers(), { ...before, process_mrelease: 60002 });
  third[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.deepEqual(syscallNumbers(), before);
  assert.equal(Pidfd.supported, true);
});
