/**
 * Runs what shows that it works: `deno task test` the parts of every day, and the sum of what they
 * counted; `deno task test NAME` one part, with what follows as its arguments. On each runtime on
 * which the suite runs against the installed package, it must count the same as against the
 * sources.
 */
import { countsByRuntime } from "./counts.ts";

interface Part {
  what: string;
  command: string[];
  /** The tasks that come first. */
  needs?: string[];
}

const deno = (...args: string[]) => [Deno.execPath(), ...args];
const script = (path: string) => deno("run", "-A", "--no-lock", `tests/run/${path}`);
const tests = (path: string, ...flags: string[]) =>
  deno("test", "-A", "--no-check", "--no-lock", ...flags, path);
const ZIG = "sh ../scripts/zig.sh";

const EVERY_DAY: Record<string, Part> = {
  zig: {
    what: "the library without JavaScript; its tests are checked for every CPU",
    command: [
      "sh",
      "-c",
      `cd zig && ${ZIG} fmt --check . && ${ZIG} build test check --summary all`,
    ],
  },
  docs: {
    what: "the examples of the doc comments, the README and the guides",
    command: script("docs.ts"),
  },
  package: {
    what: "what is published, as a user gets it: npm, JSR, bundled, compiled, on musl",
    command: tests("tests/package", "--parallel"),
    // The oldest runtimes run a part of the suite.
    needs: ["helper", "npm"],
  },
  runtimes: {
    what: "the suite on Deno, Bun and each line of Node",
    command: script("runtimes.ts"),
    needs: ["helper"],
  },
  installed: {
    what: "the suite against the installed npm package",
    command: script("installed.ts"),
    needs: ["helper", "npm"],
  },
};

/** The order of those. More than half of the suite is waiting, so it runs with the package too. */
const AT_ONCE = [["zig"], ["docs"], ["package"], ["runtimes", "installed"]];

const BY_NAME: Record<string, Part> = {
  ...EVERY_DAY,
  fresh: {
    what: "the README's two commands, in a fresh clone with empty caches",
    command: ["bash", "tests/run/fresh.sh"],
  },
  consumers: {
    what: "the npm package in Jest, Vitest, Mocha, webpack, TypeScript 5 and executables",
    command: tests("tests/consumers"),
    needs: ["npm"],
  },
  musl: {
    what: "the suite on builds of Bun and Node for musl, as root; --runtime NAME --file NAME",
    command: script("musl.ts"),
    needs: ["helper"],
  },
  kernels: {
    what: "the suite on other kernels, under qemu; KERNEL… --runtime NAME --file NAME",
    command: script("kernels/main.ts"),
    needs: ["helper"],
  },
  cpus: {
    what: "the suite on other CPUs, under qemu; CPU… --runtime NAME --file NAME",
    command: script("kernels/cpus.ts"),
  },
};

interface Count {
  passed: number;
  failed: number;
  /** Where the part is the suite. */
  byRuntime: Map<string, string>;
}

const met = new Set<string>();

/** Runs a task that a part needs, once. */
async function meet(need: string): Promise<void> {
  if (met.has(need)) return;
  met.add(need);
  const child = new Deno.Command(Deno.execPath(), { args: ["task", "--quiet", need] }).spawn();
  if (!(await child.status).success) Deno.exit(1);
}

async function runOne({ command: [program, ...args], needs = [] }: Part): Promise<boolean> {
  for (const need of needs) await meet(need);
  const options = { args: [...args, ...Deno.args.slice(1)] };
  return (await new Deno.Command(program, options).spawn().status).success;
}

/** A part that hangs fails after twenty minutes, under its own name. */
const LIMITED = ["--kill-after=10", "1200"];

async function begin({ command, needs = [] }: Part): Promise<Deno.ChildProcess> {
  for (const need of needs) await meet(need);
  const args = [...LIMITED, ...command];
  return new Deno.Command("timeout", { args, stdout: "piped", env: { NO_COLOR: "1" } }).spawn();
}

/** Passes on what a part prints; answers the last count in it, in any runner's words. */
async function count(child: Deno.ChildProcess): Promise<Count> {
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    await Deno.stdout.write(new TextEncoder().encode(chunk));
  }
  const { success, code } = await child.status;
  if (code === 124 || code === 137) console.log("it did not end within 20 minutes");
  const last = [...text.matchAll(/(\d+) passed[,;| ]+(\d+) failed/g)].at(-1);
  const [passed, failed] = last ? [Number(last[1]), Number(last[2])] : [0, 0];
  return {
    passed,
    failed: success ? failed : Math.max(failed, 1),
    byRuntime: countsByRuntime(text),
  };
}

/** How often the suite counted other tests of the installed package than of the sources. */
function countDifferences({ runtimes, installed }: Record<string, Count>): number {
  let differences = 0;
  for (const [name, counts] of installed.byRuntime) {
    const ofSources = runtimes.byRuntime.get(name);
    if (counts === ofSources) continue;
    console.log(`${name}: ${ofSources} with the sources, ${counts} with the package`);
    differences++;
  }
  return installed.byRuntime.size > 0 ? differences : 1;
}

async function runEveryDay(): Promise<boolean> {
  const counts: Record<string, Count> = {};
  for (const names of AT_ONCE) {
    const children: Deno.ChildProcess[] = [];
    for (const name of names) children.push(await begin(EVERY_DAY[name]));
    for (const [index, name] of names.entries()) {
      console.log(`== ${name}: ${EVERY_DAY[name].what}`);
      counts[name] = await count(children[index]);
    }
    if (names.some((name) => counts[name].failed > 0)) break;
  }
  const sum = (field: "passed" | "failed") =>
    Object.values(counts).reduce((total, count) => total + count[field], 0);
  const failed = sum("failed") || countDifferences(counts);
  console.log(`${sum("passed")} passed, ${failed} failed`);
  return failed === 0;
}

const [name] = Deno.args;
if (name !== undefined && !Object.hasOwn(BY_NAME, name)) {
  console.error("Usage: deno task test [NAME [ARGUMENT…]]");
  for (const [name, { what }] of Object.entries(BY_NAME)) {
    console.error(`  ${name.padEnd(10)} ${what}`);
  }
  Deno.exit(2);
}
const isGood = await (name === undefined ? runEveryDay() : runOne(BY_NAME[name]));
if (!isGood) Deno.exit(1);
