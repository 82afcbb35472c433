import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { spawn } from "../../mod.ts";
import { lacksFolders, lacksKill, makeCgroup, removeCgroup } from "../support/cgroups.ts";
import { thrown } from "../support/errors.ts";

const lacks = await lacksFolders() || (await lacksKill() ? false : "there is cgroup.kill");

test("before Linux 5.14 nothing is started in a cgroup of its own, and none is left", {
  skip: lacks,
}, async () => {
  const cgroup = makeCgroup();
  const options = { lifetime: "contained", containment: "cgroup", cgroup } as const;
  const error = thrown(() => spawn("true", [], options));
  assert.deepEqual([error.code, error.syscall], ["ENOENT", "cgroup"]);
  assert.match(error.message, /Linux 5\.14/);
  const isFolder = (entry: { isDirectory(): boolean }) => entry.isDirectory();
  assert.deepEqual(readdirSync(cgroup, { withFileTypes: true }).filter(isFolder), []);
  await removeCgroup(cgroup);
});
