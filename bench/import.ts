/**
 * What importing the package costs over an empty program, and with the first handle, on each
 * runtime; and what the program itself sees of the two, without the runtime's end. The programs
 * take turns, and the quicker half of the runs counts: whatever else the machine does only adds.
 */
import { onEachRuntime } from "../scripts/runtimes.ts";

const ROUNDS = 31;
const folder = Deno.makeTempDirSync({ prefix: "pidfd-import-" });

function output([program, ...args]: string[], file: string): string {
  const { success, stdout } = new Deno.Command(program, { args: [...args, file], cwd: folder })
    .outputSync();
  if (!success) throw new Error(`${program} ${file}`);
  return new TextDecoder().decode(stdout);
}

function time(command: string[], file: string): number {
  const start = performance.now();
  output(command, file);
  return performance.now() - start;
}

/** The middle of the quicker half. */
const typical = (times: number[]) => times.toSorted((a, b) => a - b)[times.length >> 2];

const PROGRAMS = {
  "empty.mjs": "",
  "import.mjs": 'import "pidfd";\n',
  "open.mjs": 'import { Pidfd } from "pidfd";\nPidfd.open(1);\n',
};

/** Prints the milliseconds from before the import until the first handle is open. */
const INSIDE = `const start = performance.now();
const { Pidfd } = await import("pidfd");
Pidfd.open(1);
console.log(performance.now() - start);
`;

/** Packs the package, and prints a line for each runtime. */
export async function measureImports(wanted: string[]): Promise<void> {
  const packing = new Deno.Command(Deno.execPath(), { args: ["task", "npm"] }).spawn();
  if (!(await packing.status).success) throw new Error("deno task npm failed");
  try {
    const { version } = JSON.parse(Deno.readTextFileSync("deno.json"));
    const tarball = `${Deno.cwd()}/npm/pidfd-${version}.tgz`;
    Deno.writeTextFileSync(`${folder}/package.json`, '{ "private": true }');
    const args = ["install", "--offline", "--no-audit", "--no-fund", tarball];
    const { success } = new Deno.Command("npm", { args, cwd: folder }).outputSync();
    if (!success) throw new Error("npm install failed");
    const files = Object.keys(PROGRAMS);
    Object.entries(PROGRAMS).forEach(([file, text]) => {
      Deno.writeTextFileSync(`${folder}/${file}`, text);
    });
    Deno.writeTextFileSync(`${folder}/inside.mjs`, INSIDE);
    await onEachRuntime(wanted, ({ name, file }) => {
      const times: number[][] = files.map(() => []);
      const inside: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        files.forEach((program, index) => times[index].push(time(file, program)));
        inside.push(Number(output(file, "inside.mjs")));
      }
      const [empty, importing, opening] = times.map(typical);
      console.log(
        `${name.padEnd(8)} import ${(importing - empty).toFixed(2)} ms, with the first handle ` +
          `${(opening - empty).toFixed(2)} ms, over ${empty.toFixed(1)} ms; ` +
          `inside ${typical(inside).toFixed(2)} ms`,
      );
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
