import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

test("every test that the threat model names is there", () => {
  const named = [...read("../../docs/threat-model.md").matchAll(/([\w/]+_test\.ts): "([^"]+)"/g)];
  assert.ok(named.length > 30);
  for (const [, file, title] of named) {
    assert.ok(read(`../${file}`).includes(`"${title}"`), `${file}: ${title}`);
  }
});
