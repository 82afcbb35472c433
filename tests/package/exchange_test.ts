import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { runInNewContext } from "node:vm";
import { ALL_ALLOWED, install, makeFolder, runIn } from "./support.ts";

const { folder, remove } = makeFolder();
const installed = `${folder}/node_modules/pidfd`;
before(async () => {
  await install(folder);
  // As npm unpacks what is installed under another name: "tree-kill": "npm:pidfd@…".
  cpSync(installed, `${folder}/node_modules/tree-kill`, { recursive: true });
});
after(remove);

const read = (name: string) => readFileSync(`${installed}/${name}`, "utf8");

const MIXED = `
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import whole, { killTree, Pidfd, PidfdError, processes } from "pidfd";
import named, { treeKill, withFallback } from "pidfd/tree-kill";
import alias from "tree-kill";

const require = createRequire(import.meta.url);
const required = require("pidfd");
for (const same of [named, treeKill, alias, required, require("pidfd/tree-kill"), require("tree-kill")]) {
  assert.equal(same, whole);
}
assert.equal(typeof whole, "function");
assert.equal(required.withFallback, withFallback);
assert.equal(required.processes, processes);
assert.throws(() => required.Pidfd.open(2 ** 31 - 1), PidfdError);
assert.throws(() => Pidfd.open(2 ** 31 - 1), required.PidfdOpenFailedError);
const start = () => spawn("sleep", ["1000"]);
const child = start();
const handle = required.Pidfd.of(child);
assert.ok(handle instanceof Pidfd && handle.equals(Pidfd.of(child)));
assert.equal((await killTree(handle)).settled, true);
assert.equal((await handle.wait()).signal, "SIGTERM");
const other = start();
await new Promise((resolve, reject) =>
  require("tree-kill")(other.pid, "SIGKILL", (error) => error ? reject(error) : resolve()));
// What waits for nobody keeps no program alive.
const parent = Pidfd.open(process.ppid);
parent.unref();
parent.wait();
console.log("exchanged");
`;

test("import and require give one implementation, and an alias of the package is the function of tree-kill", async () => {
  writeFileSync(`${folder}/mixed.mjs`, MIXED);
  for (const runtime of ALL_ALLOWED) {
    const limited = ["timeout", "60", ...runtime, "mixed.mjs"];
    const { code, stdout, stderr } = await runIn(folder, limited);
    assert.deepEqual([code, stdout], [0, "exchanged\n"], `${runtime[0]}: ${stderr}`);
  }
});

test("a script that imports finds the names", async () => {
  writeFileSync(
    `${folder}/import.cjs`,
    `const { Pidfd, treeKill } = require("pidfd");
import("pidfd").then((all) => console.log(all.Pidfd === Pidfd, all.default === treeKill));`,
  );
  for (const runtime of ALL_ALLOWED) {
    const { stdout, stderr } = await runIn(folder, [...runtime, "import.cjs"]);
    assert.equal(stdout, "true true\n", `${runtime[0]}: ${stderr}`);
  }
});

test("the implementation is no module of any kind, and its entries export the same names", () => {
  const code = read("pidfd.mjs").replace(/"(?:[^"\\\n]|\\.)*"|`[^`]*`/g, '""');
  assert.doesNotMatch(code, /\b(import|export|require|module|__dirname|__filename)\b/);
  for (const entry of ["index", "tree-kill"]) {
    const [, imported] = read(`${entry}.mjs`).match(/export const \{ (.*) \} = api;/)!;
    const [, hinted] = read(`${entry}.js`).match(/0 && \(module\.exports = \{ (.*) \}\);/)!;
    assert.equal(hinted, imported);
  }
  assert.ok(read("index.mjs").includes(" PidfdError,"));
});

/** The package in a realm of its own, as CommonJS, which is how Jest runs it where it is not configured. */
const AS_IN_JEST = `
import { readFileSync } from "node:fs";
import { compileFunction, createContext } from "node:vm";

// Jest copies no more of the process: what has a getter is not there.
const { arch, dlopen, env, geteuid, getBuiltinModule, on, platform, version } = process;
const copy = { arch, dlopen, env, geteuid, getBuiltinModule, on, platform, version };
const context = createContext({ Buffer, clearTimeout, performance, process: copy, queueMicrotask, setTimeout });
const parameters = ["module", "exports", "require", "__dirname", "__filename"];
const folder = import.meta.dirname + "/node_modules/pidfd";
function run(name) {
  const path = folder + "/" + name;
  const module = { exports: {} };
  const text = readFileSync(path, "utf8");
  const script = compileFunction(text, parameters, { parsingContext: context });
  script(module, module.exports, run, folder, path);
  return module.exports;
}
const { Pidfd, PidfdError } = run("index.js");
const [OtherError, OtherType] = compileFunction("return [Error, TypeError]", [], { parsingContext: context })();
const caught = (action) => { try { action(); } catch (error) { return error; } };
const error = caught(() => Pidfd.open(2 ** 31 - 1));
console.log(error instanceof PidfdError, error instanceof OtherError, error instanceof Error);
console.log(caught(() => Pidfd.open("1")) instanceof OtherType, run("tree-kill.js").Pidfd === Pidfd);
`;

test("the package runs as CommonJS in a realm of its own, whose errors it throws", async () => {
  writeFileSync(`${folder}/realm.mjs`, AS_IN_JEST);
  for (const runtime of ALL_ALLOWED.filter(([program]) => /node-\d/.test(program))) {
    const { stdout, stderr } = await runIn(folder, [...runtime, "realm.mjs"]);
    assert.equal(stdout, "true true false\ntrue true\n", `${runtime[0]}: ${stderr}`);
  }
});

test("a Node that can't require modules is told which version can", () => {
  const require = () => {
    throw Object.assign(new Error(), { code: "ERR_REQUIRE_ESM" });
  };
  const process = { version: "v22.11.0" };
  const message = "pidfd needs Node 22.12.0 or later: this is v22.11.0";
  assert.throws(() => runInNewContext(read("index.js"), { process, require }), { message });
});
