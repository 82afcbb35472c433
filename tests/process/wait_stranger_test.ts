import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { features } from "../../mod.ts";
import { breed, everyEnd, expected, type Kind } from "../support/breeder.ts";

const exitRecord = features().PIDFD_INFO_EXIT;
const skip = exitRecord.available ? false : exitRecord.found;

async function tellsEveryEnd(kind: Kind): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pidfd-core-"));
  try {
    const told = await breed(kind, everyEnd(), folder);
    assert.equal(told.length, everyEnd().length);
    for (const { end, status, seenByParent } of told) {
      assert.deepEqual(status, expected(end), end);
      assert.equal(seenByParent >= 0, kind !== "ignoring");
      if (seenByParent >= 0) assert.equal((seenByParent & 0x80) !== 0, status!.coreDumped, end);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test(
  "wait() tells every exit code and every fatal signal, with and without a core dump, of a process that its own parent reaps",
  {
    skip,
  },
  () => tellsEveryEnd("parent"),
);

test("wait() tells every end of a daemon that was forked twice", {
  skip,
}, () => tellsEveryEnd("daemon"));

test("wait() tells every end of a process whose parent ignores SIGCHLD", {
  skip,
}, () => tellsEveryEnd("ignoring"));
