import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pidfdCommand } from "../support/cli.ts";
import { run } from "../support/processes.ts";

const page = readFileSync(new URL("../../docs/run.md", import.meta.url), "utf8");

test("the examples of docs/run.md print what they promise", async () => {
  const [program, ...args] = pidfdCommand("run");
  const words = [program, ...args.slice(0, -1)].map((word) => `'${word}'`).join(" ");
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block);
  assert.equal(blocks.length, 2);
  for (const block of blocks) {
    const { stdout, stderr } = await run("sh", ["-c", `pidfd() { ${words} "$@"; }\n${block}`]);
    const promised = [...block.matchAll(/ # (.*)$/gm)].map(([, text]) => text);
    assert.deepEqual([stdout.trimEnd().split("\n"), stderr], [promised, ""]);
  }
});
