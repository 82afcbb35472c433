import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { Pidfd, type ResourceUsage } from "../../mod.ts";
import { HELPER, Helper } from "../support/processes.ts";

/**
 * A child that works, looked at as soon as it has ended and before this thread's runtime can reap
 * it.
 */
function usageOf(...args: string[]): ResourceUsage {
  const child = spawn(HELPER, args, { stdio: "ignore" });
  const handle = Pidfd.of(child);
  const status = handle.waitSync(120_000);
  handle.close();
  assert.ok(status?.resourceUsage);
  return status.resourceUsage;
}

test("resourceUsage tells what a child used up", () => {
  const idle = usageOf("exit", "0");
  const busy = usageOf("work", "200", "256");
  assert.ok(busy.userMicroseconds + busy.systemMicroseconds >= 190_000, JSON.stringify(busy));
  assert.ok(idle.userMicroseconds + idle.systemMicroseconds < 190_000, JSON.stringify(idle));
  // Each CPU counts pages for itself, and adds them up in batches: a little is missing at any
  // moment.
  assert.ok(busy.maxResidentBytes >= 250 * 2 ** 20, JSON.stringify(busy));
  assert.ok(busy.minorPageFaults > idle.minorPageFaults);
  assert.ok(Object.values(busy).every((count) => Number.isSafeInteger(count) && count >= 0));
  assert.deepEqual(JSON.parse(JSON.stringify(busy)), busy);
  assert.ok(Object.isFrozen(busy));
});

test("resourceUsage is not there where nobody tells", async () => {
  const helper = new Helper("zombie", "3");
  const handle = Pidfd.open(Number(await helper.line()));
  assert.equal("resourceUsage" in handle.status()!, false, "somebody else's zombie");
  helper.send();
  await helper.line();
  assert.equal("resourceUsage" in handle.status()!, false, "and after its parent has reaped it");
  handle.close();
  await helper.end();
});
