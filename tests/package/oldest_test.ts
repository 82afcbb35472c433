import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { OLDEST } from "../../ffi/oldest.ts";
import { countTests } from "../run/counts.ts";
import { BUN, DENO, makeFolder, OLDEST_RUNTIMES, runIn, TOP } from "./support.ts";

const { folder, remove } = makeFolder();

/** `node:test` by what the oldest Bun has, which is another one. */
const TEST_OF_BUN = `import { afterAll, beforeAll, test as testOfBun } from "bun:test";
export function test(name, ...rest) {
  const isSkipped = rest.length > 1 && rest[0].skip;
  const run = rest.at(-1);
  if (isSkipped) testOfBun.skip(name, () => {});
  else testOfBun(name, async () => void await run({}));
}
export { afterAll as after, beforeAll as before };
`;

/** Quick, and with a part of each runtime's adapter. */
const PART = ["of", "reap", "status", "wait_limits"].map((name) => `tests/process/${name}_test.ts`);

before(() => {
  for (const name of ["src", "ffi", "tests", "zig/zig-out/bin", "mod.ts", "package.json"]) {
    cpSync(`${TOP}${name}`, `${folder}/${name}`, { recursive: true });
  }
});
after(remove);

/** Of package.json, of the README's table, and of what is installed here. */
function promised(name: keyof typeof OLDEST): string[] {
  const { engines, devDependencies } = JSON.parse(readFileSync(`${TOP}package.json`, "utf8"));
  const [, engine] = engines[name.toLowerCase()].match(/^>=(.*)$/);
  const [, line] = readFileSync(`${TOP}README.md`, "utf8").match(
    RegExp(`^\\| ${name} (\\S+) `, "m"),
  )!;
  const [, installed] = devDependencies[`${name.toLowerCase()}-oldest`].match(/@([\d.]+)$/);
  return [engine, line, installed];
}

for (const [name, version] of Object.entries(OLDEST) as [keyof typeof OLDEST, string][]) {
  test(`the oldest ${name} that is promised is the one that is tried`, () => {
    const isSame = (other: string) => other === version || `${other}.0` === version;
    assert.deepEqual(promised(name).filter((other) => !isSame(other)), []);
  });
}

async function passes(name: string, command: string[], env = {}): Promise<void> {
  const { code, stdout, stderr } = await runIn(folder, ["timeout", "120", ...command], env);
  const { passed, failed } = countTests(name, stdout + stderr, code === 0);
  assert.ok(failed === 0 && passed >= 20, stdout + stderr);
}

test("the oldest Deno passes a part of the suite", async () => {
  await passes("Deno", [...OLDEST_RUNTIMES.Deno, "test", "-A", "--no-check", "--no-lock", ...PART]);
});

test("the oldest Node passes a part of the suite", async () => {
  const env = { NODE_OPTIONS: "--experimental-strip-types" };
  await passes("Node", [...OLDEST_RUNTIMES.Node, "--test", "--test-reporter=tap", ...PART], env);
});

test("the oldest Bun passes a part of the suite", async () => {
  writeFileSync(`${folder}/tests/node_test.ts`, TEST_OF_BUN);
  for (const path of PART) {
    const text = readFileSync(`${folder}/${path}`, "utf8");
    writeFileSync(`${folder}/${path}`, text.replace('"node:test"', '"../node_test.ts"'));
  }
  await passes("Bun", [...OLDEST_RUNTIMES.Bun, "test", ...PART.map((path) => `./${path}`)]);
});

/** What a runtime says that lacks what the oldest ones have. */
async function said(missing: string): Promise<string> {
  writeFileSync(
    `${folder}/older.mjs`,
    `${missing}
const { Pidfd } = await import("./mod.ts");
try {
  await Pidfd.self().wait({ timeoutMs: 0 });
} catch (error) {
  console.log(error.name, error.message);
}`,
  );
  const [program, ...args] = missing.includes("Socket") ? [DENO, "run", "-A", "--no-check"] : [BUN];
  return (await runIn(folder, [program, ...args, "older.mjs"])).stdout;
}

test("an older runtime is told which version is needed", async () => {
  const bun = await said("process.getBuiltinModule = undefined;");
  assert.match(bun, /^PidfdOpenFailedError pidfd_open ENOSYS: needs Bun [\d.]+ or later: this is /);
  const deno = await said(`import net from "node:net";
net.Socket = class { constructor() { throw new Error("Not implemented: with fd option"); } };`);
  assert.match(deno, /^PidfdError read ENOSYS: .*: needs Deno [\d.]+ or later: this is /);
});
