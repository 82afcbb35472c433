/**
 * The package in test runners, bundlers, compilers and an SDK that are too large to be development
 * tools here: they are installed anew in a folder, by the versions that package.json has as
 * `consumers`.
 */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { makeFolder, NODES, runIn, TARBALL, TOP } from "../package/support.ts";
import { run } from "../support/processes.ts";

const { folder, remove } = makeFolder();
const bin = (name: string) => `${folder}/node_modules/.bin/${name}`;

const SCRIPT = `const { spawn } = require("node:child_process");
const { Pidfd, PidfdError } = require("pidfd");
const treeKill = require("pidfd/tree-kill");
`;
const MODULE = `import { spawn } from "node:child_process";
import { Pidfd, PidfdError } from "pidfd";
import treeKill from "pidfd/tree-kill";
`;
/** An error of this realm, a death, the function that ends trees. */
const BODY = `
test("errors", () => {
  for (const [wrong, Kind] of [["1", TypeError], [2 ** 31 - 1, PidfdError], [-1, RangeError]]) {
    let thrown;
    try { Pidfd.open(wrong); } catch (error) { thrown = error; }
    if (!(thrown instanceof Kind && thrown instanceof Error)) throw new Error(String(thrown));
  }
});
test("ends", async () => {
  const { code } = await Pidfd.of(spawn("sh", ["-c", "exit 7"])).wait();
  const { pid = 0 } = spawn("sleep", ["1000"]);
  const error = await new Promise((done) => treeKill(pid, "SIGKILL", done));
  if (code !== 7 || error) throw new Error(String([code, error]));
});
`;
const MAIN = `
const handle = Pidfd.of(spawn("sh", ["-c", "exit 7"]));
handle.wait().then(({ code }) => console.log(code, handle.isAlive(), typeof treeKill));
`;
const MAIN_PRINTS = "7 false function\n";

const MCP = `import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ContainedTransport } from "./mcp_transport.js";
export const transport: Transport = new ContainedTransport("node", ["server.js"]);
`;

const FILES = {
  "first.test.cjs": SCRIPT + BODY,
  "second.test.cjs": SCRIPT + BODY,
  "module.test.mjs": MODULE + BODY,
  "typed.test.ts": `declare const test: (name: string, run: () => unknown) => void;
${MODULE}` + BODY.replace("let thrown;", "let thrown: unknown;")
    .replace("Pidfd.open(wrong)", "Pidfd.open(wrong as number)")
    .replace("instanceof Kind ", "instanceof (Kind as typeof Error) ")
    .replace(".pid,", ".pid!,"),
  "main.cjs": SCRIPT + MAIN,
  "main.mjs": MODULE + MAIN,
  "old.ts": `import { Pidfd, ExitStatus } from "pidfd";
import * as treeKill from "pidfd/tree-kill";
import again = require("pidfd/tree-kill");
export const status: ExitStatus | undefined = undefined;
export const handle: Pidfd = Pidfd.self();
treeKill(handle.pid, "SIGTERM", (error?: Error) => console.log(error));
again(handle.pid);
`,
  "new.ts": `import { Pidfd } from "pidfd";
import treeKill from "pidfd/tree-kill";
treeKill(Pidfd.self().pid, "SIGTERM");
`,
};

before(async () => {
  const { consumers } = JSON.parse(readFileSync(`${TOP}package.json`, "utf8"));
  const dependencies = { ...consumers, pidfd: `file:${TARBALL}` };
  writeFileSync(`${folder}/package.json`, JSON.stringify({ private: true, dependencies }));
  const options = ["--prefix", folder, "--prefer-offline", "--no-audit", "--no-fund"];
  const { code, stderr } = await run("npm", ["install", "--ignore-scripts", ...options]);
  assert.equal(code, 0, stderr);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(`${folder}/${name}`, text);
});
after(remove);

/** Runs a program of the folder by each Node, with these arguments. */
async function succeeds(program: string, ...args: string[]): Promise<void> {
  for (const node of NODES) {
    const flags = args[0]?.startsWith("--experimental") ? [args[0]] : [];
    const command = [node, ...flags, bin(program), ...args.slice(flags.length)];
    const { code, stdout, stderr } = await runIn(folder, command, { NO_COLOR: "1" });
    assert.equal(code, 0, `${node}: ${stdout}${stderr}`);
  }
}

test("Jest as it comes runs two files in one process", async () => {
  await succeeds("jest", "-i", "--testMatch=**/*.test.cjs");
});

test("Jest runs modules by its vm modules", async () => {
  await succeeds("jest", "--experimental-vm-modules", "--testMatch=**/*.test.mjs");
});

const BABEL = { presets: [["@babel/preset-env", { targets: { node: "current" } }]] };

test("Jest runs what Babel has made of modules", async () => {
  const transform = JSON.stringify({ "\\.mjs$": ["babel-jest", BABEL] });
  await succeeds("jest", `--transform=${transform}`, "--testMatch=**/*.test.mjs");
});

test("Jest runs TypeScript by ts-jest", async () => {
  const tsconfig = { target: "es2022", module: "commonjs", esModuleInterop: true, strict: true };
  const transform = JSON.stringify({ "\\.ts$": ["ts-jest", { tsconfig }] });
  await succeeds("jest", `--transform=${transform}`, "--testMatch=**/*.test.ts");
});

for (const pool of ["threads", "forks", "vmThreads"]) {
  test(`Vitest runs modules in ${pool}`, async () => {
    await succeeds("vitest", "run", `--pool=${pool}`, "--globals", "module.test.mjs");
  });
}

test("Mocha runs scripts and modules, and finds no leaked global", async () => {
  await succeeds("mocha", "--ui=tdd", "--check-leaks", "first.test.cjs", "module.test.mjs");
});

const WEBPACK = `const webpack = require("webpack");
const [entry, filename, isModule] = process.argv.slice(2);
const output = { path: __dirname + "/away", filename, module: isModule === "true" };
const experiments = { outputModule: output.module };
const options = { mode: "production", target: "node20", experiments };
webpack({ ...options, context: __dirname, entry, output }, (error, stats) => {
  if (error) throw error;
  const { errors, warnings } = stats.toJson();
  if (errors.length + warnings.length > 0) throw new Error(JSON.stringify([errors, warnings]));
});
`;

for (const entry of ["main.cjs", "main.mjs"]) {
  for (const kind of ["cjs", "mjs"]) {
    test(`webpack makes a bundle (${kind}) of ${entry}, which carries the library`, async () => {
      writeFileSync(`${folder}/webpack.cjs`, WEBPACK);
      const args = [`./${entry}`, `${entry}.${kind}`, String(kind === "mjs")];
      const made = await runIn(folder, [NODES[0], "webpack.cjs", ...args]);
      assert.equal(made.code, 0, made.stderr);
      const other = makeFolder();
      copyFileSync(`${folder}/away/${entry}.${kind}`, `${other.folder}/bundle.${kind}`);
      for (const node of NODES) {
        const { stdout, stderr } = await runIn(other.folder, [node, `bundle.${kind}`]);
        assert.equal(stdout, MAIN_PRINTS, `${node}: ${stderr}`);
      }
      other.remove();
    });
  }
}

const STRICT = {
  strict: true,
  noEmit: true,
  target: "es2022",
  lib: ["es2023", "esnext.disposable", "dom"],
  types: [],
};
for (
  const [module, moduleResolution] of [
    ["commonjs", "node10"],
    ["node16", "node16"],
    ["node18", "node16"],
    ["nodenext", "nodenext"],
  ]
) {
  test(`TypeScript 5 takes the types in CommonJS by ${module} and ${moduleResolution}`, async () => {
    for (const [file, esModuleInterop] of [["old.ts", false], ["new.ts", true]] as const) {
      const compilerOptions = { ...STRICT, module, moduleResolution, esModuleInterop };
      writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: [file] }));
      const { code, stdout } = await runIn(folder, [NODES[0], bin("tsc"), "-p", "."]);
      assert.deepEqual([code, stdout], [0, ""], file);
    }
  });
}

test("the transport of the guide is one of the MCP SDK", async () => {
  const source = readFileSync(`${TOP}examples/mcp_transport.ts`, "utf8");
  writeFileSync(`${folder}/mcp_transport.ts`, source.replace("../mod.ts", "pidfd"));
  writeFileSync(`${folder}/mcp.ts`, MCP);
  const compilerOptions = { ...STRICT, module: "nodenext", types: ["node"], skipLibCheck: true };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: ["mcp.ts"] }));
  const { code, stdout } = await runIn(folder, [NODES[0], bin("tsc"), "-p", "."]);
  assert.deepEqual([code, stdout], [0, ""]);
});

const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

test("executables of Node 22 and 24 carry the library", async () => {
  const esbuild = `${TOP}node_modules/.bin/esbuild`;
  const options = ["--bundle", "--platform=node", "--log-level=warning"];
  const bundled = await runIn(folder, [esbuild, "main.cjs", ...options, "--outfile=bundle.cjs"]);
  assert.deepEqual([bundled.code, bundled.stderr], [0, ""]);
  const config = { main: "bundle.cjs", output: "blob", disableExperimentalSEAWarning: true };
  writeFileSync(`${folder}/sea.json`, JSON.stringify(config));
  for (const node of NODES.slice(0, 2)) {
    await runIn(folder, [node, "--experimental-sea-config", "sea.json"]);
    copyFileSync(node, `${folder}/program`);
    const inject = ["program", "NODE_SEA_BLOB", "blob", "--sentinel-fuse", FUSE];
    const injected = await runIn(folder, [node, bin("postject"), ...inject]);
    assert.equal(injected.code, 0, injected.stderr);
    const other = makeFolder();
    copyFileSync(`${folder}/program`, `${other.folder}/program`);
    const { stdout, stderr } = await runIn(other.folder, ["env", "-i", "PATH=/bin", "./program"]);
    assert.equal(stdout, MAIN_PRINTS, `${node}: ${stderr}`);
    other.remove();
    rmSync(`${folder}/program`);
  }
});
