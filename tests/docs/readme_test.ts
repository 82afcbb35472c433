import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run, runtimeCommand } from "../support/processes.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);

async function runExample(index: number, permissions: string[]) {
  // Beside this file: Deno looks for packages from the program's own folder on.
  const folder = mkdtempSync(fileURLToPath(new URL("readme-", import.meta.url)));
  const file = join(folder, "example.ts");
  try {
    const module = new URL("../../mod.ts", import.meta.url).href;
    writeFileSync(file, examples[index].replace("jsr:@x/pidfd", module));
    const [program, ...args] = runtimeCommand(file, { permissions });
    return await run(program, args);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the first example of the README needs no permission but --allow-ffi", async () => {
  const { code, stdout, stderr } = await runExample(0, ["--allow-ffi"]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.split("\n")[0], "true");
});

test("the second one runs by the command that the README gives", async () => {
  const [, command] = /`deno run (.*) example\.ts`/.exec(readme)!;
  const { code, stdout, stderr } = await runExample(1, command.split(" "));
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "true\ntrue\nSIGTERM\nfalse\n");
});
