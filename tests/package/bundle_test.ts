import assert from "node:assert/strict";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import {
  BUN,
  DENO,
  install,
  makeFolder,
  PRINTED,
  PROGRAM,
  runIn,
  RUNTIMES,
  TOP,
} from "./support.ts";

const { folder, remove } = makeFolder();
const away = `${folder}/away`;

before(async () => {
  await install(folder);
  mkdirSync(away);
  writeFileSync(`${folder}/app.mjs`, `import { features, Pidfd } from "pidfd";${PROGRAM}`);
});
after(remove);

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

test("a bundle by esbuild carries the library, for every runtime", async () => {
  const esbuild = `${TOP}node_modules/.bin/esbuild`;
  const options = ["--bundle", "--format=esm", "--minify", "--log-level=error"];
  await make([esbuild, "app.mjs", ...options, "--platform=node", `--outfile=${away}/esbuild.mjs`]);
  await runsAnywhere("esbuild.mjs");
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
