import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { install, makeFolder, runIn, TOP } from "./support.ts";

const { folder, remove } = makeFolder();
before(async () => {
  await install(folder);
  cpSync(`${TOP}node_modules/expect-type`, `${folder}/node_modules/expect-type`, {
    recursive: true,
  });
  const program = readFileSync(`${TOP}tests/types/public.ts`, "utf8");
  writeFileSync(`${folder}/public.ts`, program.replace('"../../mod.ts"', '"pidfd"'));
});
after(remove);

const MODULES = { node16: "node16", nodenext: "nodenext", bundler: "esnext" };
for (const [moduleResolution, module] of Object.entries(MODULES)) {
  test(`a TypeScript program finds the package's types by ${moduleResolution}`, async () => {
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2022",
      lib: ["es2023", "esnext.disposable", "dom"],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      // The package's own declarations are checked with the program.
      skipLibCheck: false,
    };
    writeFileSync(
      `${folder}/tsconfig.json`,
      JSON.stringify({ compilerOptions, files: ["public.ts"] }),
    );
    const { code, stdout } = await runIn(folder, [`${TOP}node_modules/.bin/tsc`, "-p", "."]);
    assert.deepEqual([code, stdout], [0, ""]);
  });
}
