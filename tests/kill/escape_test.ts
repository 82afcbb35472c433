import assert from "node:assert/strict";
import { test } from "node:test";
import type { KillTreeOptions } from "../../mod.ts";
import { type EscapeCommand, escaping, shellLoop, tryToEscape } from "../support/escape.ts";
import { HELPER, run } from "../support/processes.ts";

const WAYS: [string, KillTreeOptions][] = [
  ["politely", { graceMs: 50 }],
  ["without a grace", { graceMs: 0 }],
  ["by force", { killSignal: "SIGKILL" }],
];

/** Why no child can be born with a chosen pid, or false. */
async function lacksSetTid(): Promise<string | false> {
  const { code } = await run(HELPER, ["can-set-tid"]);
  return code === 0 ? false : "clone3(2) takes no set_tid";
}

/**
 * Ends such a tree at another moment of its growth each time, and expects that nobody is left. The
 * report may only doubt that for orphans of other tests, which run at the same time.
 */
async function expectNobody(
  command: EscapeCommand,
  rounds: number,
  options: KillTreeOptions,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const { left, report } = await tryToEscape(command(1 + round * 40), options);
    const { escaped, orphans } = report;
    const settled = report.settled || orphans.length > 0;
    const found = { round, left: left.length, escaped: escaped.length, settled };
    assert.deepEqual(found, { round, left: 0, escaped: 0, settled: true });
  }
}

for (const [way, options] of WAYS) {
  for (const behaviours of [[], ["setsid"]]) {
    const name = ["a chain", ...behaviours].join(" with ");
    test(`nobody escapes from ${name} that forks at full speed, ended ${way}`, async () => {
      await expectNobody(escaping("chain", 600, behaviours), 2, options);
    });
  }

  test(`nobody escapes whose pid was chosen, ended ${way}`, {
    skip: await lacksSetTid(),
  }, async () => {
    await expectNobody(escaping("chain", 600, ["set-tid"]), 2, options);
  });

  test(`nobody escapes who is started again, ended ${way}`, async () => {
    await expectNobody(escaping("restart", 20), 1, options);
  });

  test(`nobody escapes from a loop in a shell, ended ${way}`, async () => {
    await expectNobody(shellLoop, 1, options);
  });
}

test("whoever is killed before the tree stands is reported as forced", async () => {
  // A parent as in vfork(2) can't be stopped, so it is killed at once.
  for (let round = 0; round < 4; round++) {
    const { report } = await tryToEscape(escaping("vfork", 12)(9), { killSignal: "SIGKILL" });
    assert.deepEqual(report.ended.filter(({ forced }) => !forced), []);
  }
});
