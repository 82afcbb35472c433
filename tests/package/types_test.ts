import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { install, makeFolder, runIn, TOP } from "./support.ts";

/** What a program does that had tree-kill, and may have it under its name still. */
const CALLS = `
const kills: ((pid: number, signal?: string, callback?: (error?: Error) => void) => void)[] = [
  alias, treeKill, treeKill.treeKill, pidfd,
];
const handle: Pidfd = pidfd.Pidfd.self();
export const all: [typeof kills, Pidfd, TreeKillFunction] = [kills, handle, treeKill];
alias(handle.pid, (error) => console.log(error?.message));
`;

const IMPORTS = `import pidfd, { Pidfd, type ExitStatus } from "pidfd";
import treeKill, { isRunning, type TreeKillFunction, withFallback } from "pidfd/tree-kill";
import alias from "tree-kill";
export const status: ExitStatus | undefined = undefined;
export const others: unknown[] = [Pidfd, isRunning, withFallback];
${CALLS}`;

const REQUIRES = `import pidfd = require("pidfd");
import treeKill = require("pidfd/tree-kill");
import alias = require("tree-kill");
type Pidfd = pidfd.Pidfd;
type TreeKillFunction = treeKill.TreeKillFunction;
export const status: pidfd.ExitStatus | undefined = undefined;
${CALLS}`;

const { folder, remove } = makeFolder();
before(async () => {
  await install(folder);
  for (const name of ["expect-type", "@types/node", "undici-types"]) {
    const from = `${TOP}node_modules/${name}`;
    cpSync(from, `${folder}/node_modules/${name}`, { recursive: true });
  }
  for (const name of ["public.ts", "children.ts"]) {
    const program = readFileSync(`${TOP}tests/types/${name}`, "utf8");
    writeFileSync(`${folder}/${name}`, program.replace('"../../mod.ts"', '"pidfd"'));
  }
  cpSync(`${folder}/node_modules/pidfd`, `${folder}/node_modules/tree-kill`, { recursive: true });
  writeFileSync(`${folder}/drop_in.mts`, IMPORTS);
  writeFileSync(`${folder}/drop_in.cts`, IMPORTS);
  writeFileSync(`${folder}/script.cts`, REQUIRES);
});
after(remove);

/** What the compiler says of files of the program, and its exit code. */
async function compile(files: string[], compilerOptions: object): Promise<[number, string]> {
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files }));
  const { code, stdout } = await runIn(folder, [`${TOP}node_modules/.bin/tsc`, "-p", "."]);
  return [code!, stdout];
}

const STRICT = { target: "es2022", strict: true, exactOptionalPropertyTypes: true, noEmit: true };

const OPTIONS = {
  ...STRICT,
  lib: ["es2023", "esnext.disposable", "dom"],
  types: [],
  // The package's own declarations are checked with the program.
  skipLibCheck: false,
};

const MODULES = { node16: "node16", nodenext: "nodenext", bundler: "esnext" };
for (const [moduleResolution, module] of Object.entries(MODULES)) {
  test(`a TypeScript program finds the package's types by ${moduleResolution}`, async () => {
    const options = { ...OPTIONS, module, moduleResolution };
    assert.deepEqual(await compile(["public.ts", "drop_in.mts"], options), [0, ""]);
  });
}

for (const module of ["node16", "node18", "node20", "nodenext", "preserve"]) {
  test(`a TypeScript program of CommonJS finds the package's types by ${module}`, async () => {
    const options = { ...OPTIONS, module };
    assert.deepEqual(await compile(["script.cts", "drop_in.cts"], options), [0, ""]);
  });
}

test("Pidfd.of() takes Node's own child where optional properties are exact", async () => {
  const options = { ...STRICT, module: "nodenext", types: ["node"], skipLibCheck: true };
  assert.deepEqual(await compile(["children.ts"], options), [0, ""]);
});
