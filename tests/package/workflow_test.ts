import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { TOP } from "./support.ts";

const folder = `${TOP}.github/workflows`;
const workflows = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, "utf8"));

test("the hosted workflow names each action by the full hash of a commit", () => {
  const used = workflows.flatMap((text) => text.match(/\buses: .*/g) ?? []);
  assert.ok(used.length > 0);
  for (const line of used) assert.match(line, /^uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d/);
});

test("the hosted workflow has no secret, and only jobs that a tag starts may ask for an identity", () => {
  for (const text of workflows) {
    assert.doesNotMatch(text, /secrets\./);
    assert.doesNotMatch(text, /pull_request_target|workflow_run/);
    const jobs = text.split(/^ {2}(?=\w+:\n)/m);
    const trusted = jobs.filter((job) => job.includes("id-token: write"));
    assert.equal(trusted.length, 2);
    for (const job of trusted) {
      assert.match(job, /^ {4}if: startsWith\(github\.ref, 'refs\/tags\/v'\)$/m);
      assert.match(job, /^ {4}needs: gate$/m);
    }
  }
});
