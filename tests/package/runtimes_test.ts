import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import {
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
before(async () => {
  await install(folder);
  const imports = 'import { features, Pidfd } from "pidfd";';
  writeFileSync(`${folder}/module.mjs`, imports + PROGRAM);
  writeFileSync(`${folder}/script.cjs`, `const { features, Pidfd } = require("pidfd");${PROGRAM}`);
  writeFileSync(`${folder}/deno.mjs`, imports.replace('"pidfd"', '"npm:pidfd"') + PROGRAM);
  writeFileSync(
    `${folder}/elsewhere.mjs`,
    `const { Deno } = globalThis;
if (Deno) Object.defineProperty(Deno, "build", { value: { ...Deno.build, os: "darwin" } });
else Object.defineProperty(process, "platform", { value: "darwin" });
const { Pidfd } = await import("pidfd");
console.log(Pidfd.supported);`,
  );
});
after(remove);

test("the installed package is imported by each runtime; Deno needs --allow-ffi alone", async () => {
  for (const runtime of RUNTIMES) {
    const { stdout, stderr } = await runIn(folder, [...runtime, "module.mjs"]);
    assert.equal(stdout, PRINTED, `${runtime[0]}: ${stderr}`);
  }
});

test("the installed package is required by each runtime, without a warning", async () => {
  for (const runtime of RUNTIMES) {
    // Deno reads package.json to know what a .cjs file is.
    const more = runtime[0] === DENO ? ["--allow-read"] : [];
    const result = await runIn(folder, [...runtime, ...more, "script.cjs"], {
      NODE_NO_WARNINGS: "",
    });
    assert.equal(result.stdout, PRINTED, `${runtime[0]}: ${result.stderr}`);
    assert.equal(result.stderr, "", runtime[0]);
  }
});

test("Deno finds the installed package as npm:pidfd too, and with --allow-ffi for its file alone", async () => {
  const [deno] = RUNTIMES;
  const all = await runIn(folder, [...deno, "deno.mjs"]);
  assert.equal(all.stdout, PRINTED, all.stderr);
  const narrow = deno.map((flag) =>
    flag === "--allow-ffi" ? `--allow-ffi=${folder}/node_modules/pidfd/lib` : flag
  );
  const one = await runIn(folder, [...narrow, "deno.mjs"]);
  assert.equal(one.stdout, PRINTED, one.stderr);
});

test("Bun takes the package's modules as they are, and keeps no transpiled copy of them", async () => {
  const cache = `${folder}/cache`;
  mkdirSync(cache);
  writeFileSync(
    `${folder}/all.mjs`,
    'import "pidfd"; import "pidfd/tree-kill"; import.meta.require("pidfd");',
  );
  const env = { BUN_RUNTIME_TRANSPILER_CACHE_PATH: cache };
  const { code, stderr } = await runIn(folder, [BUN, "all.mjs"], env);
  assert.equal(code, 0, stderr);
  assert.deepEqual(readdirSync(cache), []);
});

test("an uncaught error of the installed package shows the function and the line that threw it", async () => {
  const programs = {
    "failed.mjs": ["Pidfd.open(2 ** 31 - 1);", /pidfd_open ESRCH/],
    "wrong.mjs": ['Pidfd.open("1");', /"pid" must be a number/],
    "rejected.mjs": ["await killTree(Pidfd.self(), { graceMs: -1 });", /"graceMs" must be/],
  } as const;
  const lines = readFileSync(`${folder}/node_modules/pidfd/pidfd.mjs`, "utf8").split("\n");
  for (const [name, [program, message]] of Object.entries(programs)) {
    writeFileSync(`${folder}/${name}`, `import { killTree, Pidfd } from "pidfd";\n${program}\n`);
    for (const runtime of RUNTIMES) {
      const { code, stderr } = await runIn(folder, [...runtime, name], { NO_COLOR: "1" });
      assert.notEqual(code, 0, `${runtime[0]} ${name}`);
      assert.match(stderr, message, runtime[0]);
      assert.ok(stderr.length < 4096, `${runtime[0]} ${name}: ${stderr.length} bytes`);
      const frames = [...stderr.matchAll(/at (?:async )?(.*) \(.*pidfd\.mjs:(\d+):\d+\)/g)];
      assert.ok(frames.length > 0, `${runtime[0]}: ${stderr}`);
      for (const [frame, caller, line] of frames) {
        assert.match(caller, /^(new )?(<anonymous>|[\w.#]{3,})$/, frame);
        assert.ok(lines[Number(line) - 1].length <= 120, frame);
      }
    }
  }
});

test("the installed package can be imported on another system", async () => {
  for (const runtime of RUNTIMES) {
    const { stdout, stderr } = await runIn(folder, [...runtime, "elsewhere.mjs"]);
    assert.equal(stdout, "false\n", `${runtime[0]}: ${stderr}`);
  }
});

const COMMANDS = "check signal wait stop tree info identity doctor demo completions".split(" ");
/** How the command of the installed package is run. */
const RUNNERS: Record<string, string[]> = {
  npx: ["npx", "--offline", "pidfd"],
  bunx: [BUN, "x", "--bun", "--no-install", "pidfd"],
  deno: [...RUNTIMES[0], "npm:pidfd/cli"],
  node: [NODES[0], "node_modules/.bin/pidfd"],
};

for (const [name, runner] of Object.entries(RUNNERS)) {
  test(`the command runs by ${name}, and explains itself`, async () => {
    const pid = String(process.pid);
    const checked = await runIn(folder, [...runner, "check", pid]);
    assert.deepEqual([checked.code, checked.stdout], [0, `${pid}: running\n`], checked.stderr);
    const { stdout } = await runIn(folder, [...runner, "--help"]);
    const listed = [...stdout.matchAll(/^ {2}(\w+)/gm)].map(([, command]) => command);
    for (const command of COMMANDS) assert.ok(listed.includes(command), command);
  });
}

test("each command of the installed package explains itself", async () => {
  const { stdout } = await runIn(folder, [...RUNNERS.node, "--help"]);
  for (const [, command] of stdout.matchAll(/^ {2}(\w+)/gm)) {
    const help = await runIn(folder, [...RUNNERS.node, command, "--help"]);
    assert.equal(help.code, 0, help.stderr);
    assert.match(help.stdout, new RegExp(`^Usage: pidfd ${command}[ \n]`));
  }
});
