import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { install, makeFolder, runIn, TOP } from "./support.ts";

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
});
after(remove);

/** What the compiler says of a file of the program, and its exit code. */
async function compile(file: string, compilerOptions: object): Promise<[number, string]> {
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: [file] }));
  const { code, stdout } = await runIn(folder, [`${TOP}node_modules/.bin/tsc`, "-p", "."]);
  return [code!, stdout];
}

const STRICT = { target: "es2022", strict: true, exactOptionalPropertyTypes: true, noEmit: true };

const MODULES = { node16: "node16", nodenext: "nodenext", bundler: "esnext" };
for (const [moduleResolution, module] of Object.entries(MODULES)) {
  test(`a TypeScript program finds the package's types by ${moduleResolution}`, async () => {
    const options = {
      ...STRICT,
      module,
      moduleResolution,
      lib: ["es2023", "esnext.disposable", "dom"],
      types: [],
      // The package's own declarations are checked with the program.
      skipLibCheck: false,
    };
    assert.deepEqual(await compile("public.ts", options), [0, ""]);
  });
}

test("Pidfd.of() takes Node's own child where optional properties are exact", async () => {
  const options = { ...STRICT, module: "nodenext", types: ["node"], skipLibCheck: true };
  assert.deepEqual(await compile("children.ts", options), [0, ""]);
});
