import assert from "node:assert/strict";
import { test } from "node:test";
import { runScript } from "../support/processes.ts";

const isDeno = "Deno" in globalThis;
const isNode = !isDeno && !("Bun" in globalThis);

/** What each attempt of the script came to. */
async function attempts(permissions: string[], through: string[] = []): Promise<string[]> {
  const { stdout, stderr } = await runScript("spawn_permission.ts", { permissions, through });
  return JSON.parse(stdout || "null") ?? assert.fail(stderr);
}

test("Deno's permission to run decides", { skip: isDeno ? false : "it is Deno's" }, async () => {
  const ffi = "--allow-ffi";
  const none = Array(6).fill("EACCES spawn");
  assert.deepEqual(await attempts([ffi]), none);
  assert.deepEqual(await attempts([ffi, "--allow-run"]), ["0", "0", "0", "0", "0", "0"]);
  assert.deepEqual(await attempts([ffi, "--allow-run", "--allow-env"]), Array(6).fill("0"));
  const some = ["0", "EACCES spawn", "EACCES spawn", "EACCES spawn", "EACCES spawn", "0"];
  assert.deepEqual(await attempts([ffi, "--allow-run=true"]), some);
  assert.deepEqual(await attempts([ffi, "--allow-run", "--deny-run=true"]), [
    "EACCES spawn",
    "0",
    ...none.slice(2),
  ]);
});

test("Node says which option loads the library", {
  skip: isNode ? false : "it is Node's",
}, async () => {
  const { run } = await import("../support/processes.ts");
  const strip = process.version.startsWith("v22.") ? ["--experimental-strip-types"] : [];
  const flags = [...strip, "--no-addons", "--input-type=module"];
  const module = JSON.stringify(String(new URL("../../mod.ts", import.meta.url)));
  const script = `import { Pidfd } from ${module}; Pidfd.self();`;
  const { stderr } = await run(process.execPath, [...flags, "-e", script]);
  assert.match(stderr, /ENOSYS: .*: run Node with --allow-addons: .*loading addons is disabled/);
});

test("Node's permission model decides", { skip: isNode ? false : "it is Node's" }, async () => {
  const { run } = await import("../support/processes.ts");
  const { fileURLToPath } = await import("node:url");
  const file = fileURLToPath(new URL("../fixtures/spawn_permission.ts", import.meta.url));
  const isOld = process.version.startsWith("v22.");
  const permission = [isOld ? "--experimental-strip-types" : "", "--permission"].filter(Boolean);
  const flags = [...permission, "--allow-fs-read=*", "--allow-fs-write=*", "--allow-addons"];
  const refused = await run(process.execPath, [...flags, file]);
  assert.deepEqual(
    JSON.parse(refused.stdout || "null"),
    Array(6).fill("EACCES spawn"),
    refused.stderr,
  );
  const allowed = await run(process.execPath, [...flags, "--allow-child-process", file]);
  assert.deepEqual(JSON.parse(allowed.stdout || "null"), Array(6).fill("0"), allowed.stderr);
});
