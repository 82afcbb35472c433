import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
const CPU = ({ x64: "x86_64", arm64: "aarch64" } as Record<string, string>)[process.arch];
const OTHER = CPU === "x86_64" ? "aarch64" : "x86_64";
const lib = `${folder}/node_modules/pidfd/lib`;
const file = `${lib}/pidfd-${CPU}.so`;
let good: Uint8Array;

before(async () => {
  await install(folder);
  good = readFileSync(file);
  writeFileSync(`${folder}/app.mjs`, `import { features, Pidfd } from "pidfd";${PROGRAM}`);
  writeFileSync(
    `${folder}/error.mjs`,
    `import { Pidfd } from "pidfd";
try { Pidfd.self(); console.log("opened"); } catch (error) { console.log(error.code, error.message); }`,
  );
});
after(remove);

/** What each runtime says when the library beside the module is this file. */
async function said(): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  for (const runtime of RUNTIMES) {
    const { stdout, stderr } = await runIn(folder, [...runtime, "error.mjs"]);
    answers.set(runtime[0], stdout || stderr);
  }
  return answers;
}

/** Each of them names the file and what to do; none goes on with another library in silence. */
async function assertClear(): Promise<void> {
  try {
    for (const [runtime, answer] of await said()) {
      // These take the embedded library, where they may.
      if (runtime === DENO || runtime === BUN) assert.equal(answer, "opened\n");
      else {
        assert.match(answer, /^ENOSYS /, runtime);
        assert.ok(answer.includes(file), `${runtime}: ${answer}`);
        assert.match(answer, /install the package again/, runtime);
      }
    }
  } finally {
    writeFileSync(file, good);
  }
}

test("a library of another CPU beside the module is a clear error", async () => {
  copyFileSync(`${lib}/pidfd-${OTHER}.so`, file);
  await assertClear();
});

test("a truncated library beside the module is a clear error", async () => {
  writeFileSync(file, good.subarray(0, good.length / 3));
  await assertClear();
});

test("an empty library beside the module is a clear error", async () => {
  writeFileSync(file, "");
  await assertClear();
});

test("Deno that may load the file alone sees that it is truncated if it may read it", async () => {
  const truncated = good.subarray(0, good.length / 3);
  const command = [DENO, "run", "--no-prompt", "--no-lock", "--no-check"];
  const allowed = [`--allow-ffi=${lib}`, `--allow-read=${lib}`];
  try {
    for (const bytes of [good, truncated]) {
      writeFileSync(file, bytes);
      const { stdout } = await runIn(folder, [...command, ...allowed, "error.mjs"]);
      if (bytes === good) assert.equal(stdout, "opened\n");
      else assert.match(stdout, /^ENOSYS .*install the package again.*it is truncated/);
    }
  } finally {
    writeFileSync(file, good);
  }
});

test("without a file beside the module the embedded library is loaded, and leaves nothing behind", async () => {
  rmSync(file);
  const scratch = makeFolder();
  try {
    for (const runtime of RUNTIMES) {
      const env = { TMPDIR: scratch.folder };
      const { stdout, stderr } = await runIn(folder, [...runtime, "app.mjs"], env);
      assert.equal(stdout, PRINTED, `${runtime[0]}: ${stderr}`);
      assert.deepEqual(readdirSync(scratch.folder), [], runtime[0]);
    }
  } finally {
    scratch.remove();
    writeFileSync(file, good);
  }
});

test("ten processes that unpack the library at once don't disturb each other", async () => {
  rmSync(file);
  const scratch = makeFolder();
  try {
    const [node] = NODES;
    const env = { TMPDIR: scratch.folder };
    const all = Array.from({ length: 10 }, () => runIn(folder, [node, "app.mjs"], env));
    for (const { stdout, stderr } of await Promise.all(all)) assert.equal(stdout, PRINTED, stderr);
    assert.deepEqual(readdirSync(scratch.folder), []);
  } finally {
    scratch.remove();
    writeFileSync(file, good);
  }
});
