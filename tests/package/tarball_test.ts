import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { basename } from "node:path";
import { after, before, test } from "node:test";
import { publint } from "publint";
import { LIBRARIES } from "../../ffi/library.ts";
import { DENO, install, linked, makeFolder, runIn, TARBALL, TOP } from "./support.ts";

const { folder, remove } = makeFolder();
const installed = `${folder}/node_modules/pidfd`;
before(() => install(folder));
after(remove);

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const manifest = () => JSON.parse(readFileSync(`${installed}/package.json`, "utf8"));

test("the package has at most 460 KB packed, 1,080 KB unpacked, and few modules", () => {
  const files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile());
  const sizes = files.map(({ parentPath, name }) => statSync(`${parentPath}/${name}`).size);
  const unpacked = sizes.reduce((sum, size) => sum + size, 0);
  const packed = statSync(TARBALL).size;
  console.log(`packed ${packed} bytes, unpacked ${unpacked} bytes in ${files.length} files`);
  assert.ok(packed <= 460_000, `${packed} packed`);
  assert.ok(unpacked <= 1_080_000, `${unpacked} unpacked`);
  assert.ok(files.filter(({ name }) => /\.m?js$/.test(name)).length <= 6);
});

test("the package installs everywhere, runs nothing on install, and needs nothing", () => {
  const fields = manifest();
  for (const name of ["os", "cpu", "scripts", "dependencies", "optionalDependencies"]) {
    assert.equal(fields[name], undefined, name);
  }
  assert.equal(fields.license, "MIT");
  assert.deepEqual(Object.keys(fields.exports["."]), ["import", "require"]);
  assert.deepEqual(fields.bin, { pidfd: "cli.mjs" });
  assert.match(fields.repository.url, /^git\+https:/);
  assert.match(fields.engines.node, /22/);
});

test("the package carries README, changelog, licence, and the library of every CPU", () => {
  for (const name of ["README.md", "CHANGELOG.md", "LICENSE", "index.d.ts"]) {
    assert.ok(statSync(`${installed}/${name}`).size > 0, name);
  }
  for (const [cpu, { sha256 }] of Object.entries(LIBRARIES)) {
    assert.equal(hash(readFileSync(`${installed}/lib/pidfd-${cpu}.so`)), sha256, cpu);
  }
  assert.equal(readdirSync(`${installed}/lib`).length, Object.keys(LIBRARIES).length);
});

test("every link of the package's documents leads to a file of the package", () => {
  const files = (readdirSync(installed, { recursive: true }) as string[]).sort();
  const documents = files.filter((path) => path.endsWith(".md"));
  assert.ok(documents.length > 8, `${documents}`);
  for (const document of documents) {
    for (const path of linked(document, readFileSync(`${installed}/${document}`, "utf8"))) {
      assert.ok(files.includes(path), `${document} links to ${path}`);
    }
  }
});

test("no page of the package imports what its user can't, or runs a file that it lacks", () => {
  const files = (readdirSync(installed, { recursive: true }) as string[])
    .filter((path) => /\.(md|ts)$/.test(path) && path !== "CHANGELOG.md");
  assert.ok(files.length > 10, `${files}`);
  const found = files.flatMap((path) => {
    const text = readFileSync(`${installed}/${path}`, "utf8");
    assert.doesNotMatch(text, /\b(cli|mod|tree_kill)\.ts\b/, path);
    return [...text.matchAll(/^[ *]*(?:import|\}) .*?from "(.*)"/gm)].map(([, name]) => name);
  });
  assert.ok(found.length > 40, `${found.length} imports`);
  const names = new Set(found.filter((name) => !name.startsWith("node:")));
  assert.deepEqual([...names].sort(), ["pidfd", "pidfd/tree-kill"]);
});

test("building again, in another folder, gives the same bytes", async () => {
  const [copy, others] = [`${folder}/copy`, /^(\.git|\.tools|node_modules|npm|zig)$/];
  for (const name of readdirSync(TOP).filter((name) => !others.test(name))) {
    cpSync(`${TOP}${name}`, `${copy}/${name}`, { recursive: true });
  }
  symlinkSync(`${TOP}node_modules`, `${copy}/node_modules`);
  const args = ["run", "-A", "--no-lock", "build_npm.ts"];
  const { code, stderr } = await runIn(copy, [DENO, ...args]);
  assert.equal(code, 0, stderr);
  const again = readFileSync(`${copy}/npm/${basename(TARBALL)}`);
  assert.equal(hash(again), hash(readFileSync(TARBALL)));
});

test("publint has nothing to say", async () => {
  const { messages } = await publint({ pkgDir: installed, pack: false, strict: true });
  assert.deepEqual(messages, []);
});

test("are-the-types-wrong has nothing to say", async () => {
  const tarball = createPackageFromTarballData(readFileSync(TARBALL));
  // The command is there to be run, as a module.
  const result = await checkPackage(tarball, { excludeEntrypoints: ["./cli", "./lib/*"] });
  assert.notEqual(result.types, false);
  assert.deepEqual("problems" in result ? result.problems : [], []);
});
