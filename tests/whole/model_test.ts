import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { features } from "../../mod.ts";
import { judge } from "../../proofs/model/judge.ts";
import { HELPER, run, runtimeCommand } from "../support/processes.ts";

// The model is that of a kernel which reports how every process ended.
const exitRecord = features().PIDFD_INFO_EXIT;
const skip = exitRecord.available ? false : exitRecord.found;
const { code } = await run(HELPER, ["can-set-tid"]);
const noStrangers = skip || code !== 0 && "processes can't be given a pid here: clone3, set_tid";

/** A short part of `deno task proof model`. */
async function play(steps: number, seed: number) {
  const file = fileURLToPath(new URL("../../proofs/model/run.ts", import.meta.url));
  const args = [String(steps), String(seed)];
  const [program, ...rest] = runtimeCommand(file, { gc: true, args });
  const { stdout, stderr } = await run(program, rest);
  return judge(stdout.trim(), stderr);
}

test("random calls do what the model of process life says", { skip }, async () => {
  const { done, violations } = await play(600, 1);
  assert.deepEqual(violations, []);
  assert.equal(done, 600);
});

test("random calls on processes whose pid was reused reach no stranger", {
  skip: noStrangers,
}, async () => {
  const { strangers, violations } = await play(600, 7);
  assert.deepEqual(violations, []);
  assert.ok(strangers > 0);
});
