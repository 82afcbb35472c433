import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const TOP = new URL("../../", import.meta.url);

/** A path, or the name of a file of the top folder. */
const PATH = /^(?:[\w.]+\/)*[\w.-]+\.(?:ts|zig|md|json|sh)$|^(?:[\w.]+\/)+$/;

for (const page of ["docs/ARCHITECTURE.md", "CONTRIBUTING.md"]) {
  test(`every file that ${page} names is there`, () => {
    const text = readFileSync(new URL(page, TOP), "utf8");
    // Code within a line, and the lines of the picture, which begin with a path.
    const words = [...text.matchAll(/`([^`\n]+)`|^ *([\w./]+)(?:, ([\w./]+))? {2,}\S/gm)];
    const paths = words.flatMap(([, ...found]) => found).filter((word) => PATH.test(word ?? ""));
    assert.ok(paths.length > 5, `${paths}`);
    for (const path of paths) assert.ok(existsSync(new URL(path, TOP)), `${page}: ${path}`);
  });
}
