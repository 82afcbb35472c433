import assert from "node:assert/strict";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import commonjs from "@rollup/plugin-commonjs";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build, stop } from "esbuild";
import { rolldown } from "rolldown";
import { type Plugin, rollup } from "rollup";
import {
  ALL_ALLOWED,
  BUN,
  DENO,
  install,
  makeFolder,
  NODES,
  PRINTED,
  PROGRAM,
  runIn,
  RUNTIMES,
} from "./support.ts";

const { folder, remove } = makeFolder();
const away = `${folder}/away`;

before(async () => {
  await install(folder);
  mkdirSync(away);
  writeFileSync(`${folder}/app.mjs`, `import { features, Pidfd } from "pidfd";${PROGRAM}`);
  for (const [name, text] of Object.entries(PARTS)) writeFileSync(`${folder}/${name}`, text);
});
after(async () => {
  await stop();
  remove();
});

/** Runs a command where the package is, and then hides the package: what was made must carry the library inside. */
async function make(command: string[]): Promise<void> {
  const { code, stderr } = await runIn(folder, command);
  assert.equal(code, 0, stderr);
}

async function withoutPackage(action: () => Promise<void>): Promise<void> {
  renameSync(`${folder}/node_modules`, `${folder}/hidden`);
  try {
    await action();
  } finally {
    renameSync(`${folder}/hidden`, `${folder}/node_modules`);
  }
}

async function runsAnywhere(file: string): Promise<void> {
  await withoutPackage(async () => {
    for (const runtime of RUNTIMES) {
      const { stdout, stderr } = await runIn(away, [...runtime, file]);
      assert.equal(stdout, PRINTED, `${runtime[0]}: ${stderr}`);
    }
  });
}

/** A program whose one part imports and whose other part requires: they must have one implementation, which works. */
const PARTS = {
  "import.mjs": `import { Pidfd } from "pidfd";
import treeKill from "pidfd/tree-kill";
import required from "./require.cjs";
const { spawn } = process.getBuiltinModule("node:child_process");
const child = spawn("sh", ["-c", "exit 7"]);
const handle = required.Pidfd.of(child);
console.log(handle instanceof Pidfd, required.treeKill === treeKill, typeof treeKill);
handle.wait().then(({ code }) => console.log(code, handle.isAlive()));
`,
  "require.cjs": `const { Pidfd } = require("pidfd");
module.exports = { Pidfd, treeKill: require("pidfd/tree-kill") };
`,
};
const PARTS_PRINT = "true true function\n7 false\n";

async function bundleByEsbuild(format: "esm" | "cjs" | "iife", outfile: string): Promise<void> {
  const options = { bundle: true, platform: "node", minify: true, logLevel: "silent" } as const;
  const entryPoints = [`${folder}/import.mjs`];
  const { warnings } = await build({ ...options, format, entryPoints, outfile });
  assert.deepEqual(warnings, []);
}

async function bundleByRollup(format: "es" | "cjs", file: string): Promise<void> {
  // Its types take it for a module.
  const plugins = [nodeResolve(), (commonjs as unknown as () => Plugin)()];
  const onwarn = ({ message }: { message: string }) => assert.fail(message);
  const made = await rollup({ input: `${folder}/import.mjs`, plugins, onwarn });
  await made.write({ file, format });
}

async function bundleByRolldown(format: "es" | "cjs", file: string): Promise<void> {
  const made = await rolldown({ input: `${folder}/import.mjs`, platform: "node" });
  await made.write({ file, format, codeSplitting: false });
}

const BUNDLERS: Record<string, (file: string) => Promise<void>> = {
  "esbuild.mjs": (file) => bundleByEsbuild("esm", file),
  "esbuild.cjs": (file) => bundleByEsbuild("cjs", file),
  "esbuild_iife.cjs": (file) => bundleByEsbuild("iife", file),
  "rollup.mjs": (file) => bundleByRollup("es", file),
  "rollup.cjs": (file) => bundleByRollup("cjs", file),
  "rolldown.mjs": (file) => bundleByRolldown("es", file),
  "rolldown.cjs": (file) => bundleByRolldown("cjs", file),
};

for (const [name, make] of Object.entries(BUNDLERS)) {
  test(`a bundle as ${name} carries the library, for every runtime`, async () => {
    await make(`${away}/${name}`);
    await withoutPackage(async () => {
      for (const runtime of ALL_ALLOWED) {
        const { stdout, stderr } = await runIn(away, [...runtime, name]);
        assert.equal(stdout, PARTS_PRINT, `${runtime[0]}: ${stderr}`);
      }
    });
  });
}

test("an executable of Node carries the library", async () => {
  await bundleByEsbuild("cjs", `${away}/main.cjs`);
  const config = { main: "main.cjs", output: "executable", disableExperimentalSEAWarning: true };
  writeFileSync(`${away}/sea.json`, JSON.stringify(config));
  const made = await runIn(away, [NODES.at(-1)!, "--build-sea", "sea.json"]);
  assert.equal(made.code, 0, made.stderr);
  await withoutPackage(async () => {
    const { stdout, stderr } = await runIn("/", ["env", "-i", "PATH=/bin", `${away}/executable`]);
    assert.equal(stdout, PARTS_PRINT, stderr);
  });
});

test("a bundle by bun carries the library, for every runtime", async () => {
  await make([BUN, "build", "app.mjs", "--target=node", `--outfile=${away}/bun.mjs`]);
  await runsAnywhere("bun.mjs");
});

test("bun build --compile makes one file that runs without anything beside it", async () => {
  await make([BUN, "build", "--compile", "app.mjs", `--outfile=${away}/program`]);
  await withoutPackage(async () => {
    const { stdout, stderr } = await runIn(away, ["env", "-i", "./program"]);
    assert.equal(stdout, PRINTED, stderr);
  });
});

test("a bundle by deno carries the library, for every runtime", async () => {
  await make([DENO, "bundle", "-q", "--no-lock", "-o", `${away}/deno.mjs`, "app.mjs"]);
  await runsAnywhere("deno.mjs");
});

/**
 * Why nothing can be compiled by Deno here, or false: the runtime of compiled programs is not in any registry, so that Deno
 * fetches it from its own server, or takes the one that DENORT_BIN names.
 */
async function lacksCompiled(): Promise<string | false> {
  const trial = makeFolder();
  try {
    writeFileSync(`${trial.folder}/trial.mjs`, 'console.log("runs");');
    const compiled = await runIn(trial.folder, [DENO, "compile", "-q", "trial.mjs"]);
    if (compiled.code !== 0) return "deno compile can't fetch its runtime";
    const { stdout } = await runIn(trial.folder, ["./trial"]);
    return stdout === "runs\n" ? false : "DENORT_BIN names no runtime of compiled programs";
  } finally {
    trial.remove();
  }
}

test(
  "deno compile makes one file that runs without anything beside it",
  { skip: await lacksCompiled() },
  async () => {
    const options = ["-q", "--no-lock", "--allow-ffi", `--output=${away}/compiled`];
    await make([DENO, "compile", ...options, "app.mjs"]);
    await withoutPackage(async () => {
      const { stdout, stderr } = await runIn(away, ["env", "-i", "./compiled"]);
      assert.equal(stdout, PRINTED, stderr);
    });
  },
);
