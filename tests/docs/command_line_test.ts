import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pidfdEach } from "../support/cli.ts";

const page = ["command-line", "run"]
  .map((name) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8"))
  .join("\n");

test("the pages about the command name each command and each option of it", async () => {
  const [{ stdout }] = await pidfdEach(["help"]);
  const names = [...stdout.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name]) => name);
  assert.ok(names.length > 10);
  const helps = await pidfdEach(...names.map((name) => [name, "--help"]));
  const missing = names.flatMap((name, index) => {
    const options = helps[index].stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm);
    const named = [`pidfd ${name}`, ...[...options].map(([, option]) => option)];
    return named.filter((words) => !page.includes(words)).map((words) => `${name}: ${words}`);
  });
  assert.deepEqual(missing, []);
});
