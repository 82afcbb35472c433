/** What importing the package costs over an empty program, on each runtime: medians of runs that take turns. */
import { RUNTIMES } from "./runtimes.ts";

const ROUNDS = 31;
const folder = Deno.makeTempDirSync({ prefix: "pidfd-import-" });

function time([program, ...args]: string[], file: string): number {
  const start = performance.now();
  const { success } = new Deno.Command(program, { args: [...args, file], cwd: folder })
    .outputSync();
  if (!success) throw new Error(`${program} ${file}`);
  return performance.now() - start;
}

const median = (times: number[]) => times.toSorted((a, b) => a - b)[times.length >> 1];

try {
  const { version } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const tarball = `${Deno.cwd()}/npm/pidfd-${version}.tgz`;
  Deno.writeTextFileSync(`${folder}/package.json`, '{ "private": true }');
  const args = ["install", "--offline", "--no-audit", "--no-fund", tarball];
  const { success } = new Deno.Command("npm", { args, cwd: folder }).outputSync();
  if (!success) throw new Error("npm install failed");
  Deno.writeTextFileSync(`${folder}/empty.mjs`, "");
  Deno.writeTextFileSync(`${folder}/import.mjs`, 'import "pidfd";\n');
  for (const { name, file } of RUNTIMES) {
    const empty: number[] = [];
    const importing: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      empty.push(time(file, "empty.mjs"));
      importing.push(time(file, "import.mjs"));
    }
    const cost = (median(importing) - median(empty)).toFixed(2);
    console.log(`${name.padEnd(8)} ${cost} ms over ${median(empty).toFixed(1)} ms`);
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
