/** The runtimes that everything is shown on, as package.json pins them. */

const bin = new URL("../node_modules/", import.meta.url).pathname;

/** A runtime, how it runs the suite, and how it runs one file. */
export interface Runtime {
  name: string;
  suite: string[];
  file: string[];
}

function node(line: number): Runtime {
  const program = `${bin}node-${line}/bin/node`;
  return {
    name: `Node ${line}`,
    suite: [program, "--test", "--test-reporter=tap"],
    file: [program],
  };
}

/** Every runtime, in the order in which results are shown. */
export const RUNTIMES: Runtime[] = [
  {
    name: "Deno",
    suite: [`${bin}deno-bin/deno`, "test", "-A", "--no-check"],
    file: [`${bin}deno-bin/deno`, "run", "-A", "--no-check"],
  },
  // Its own limit of five seconds a test is for quick machines; the others have none.
  { name: "Bun", suite: [`${bin}.bin/bun`, "test", "--timeout=120000"], file: [`${bin}.bin/bun`] },
  node(22),
  node(24),
  node(26),
];

/** Those whose names begin with a wanted one; all of them if none is wanted. */
export function chosenRuntimes(wanted: string[]): Runtime[] {
  const chosen = RUNTIMES.filter(({ name }) =>
    wanted.length === 0 || wanted.some((start) => name.startsWith(start))
  );
  if (chosen.length === 0) throw new Error(`no runtime has this name: ${wanted.join(" ")}`);
  return chosen;
}

/** Does something on each runtime in turn, or on the wanted ones. */
export async function onEachRuntime(
  wanted: string[],
  action: (runtime: Runtime) => void | Promise<void>,
): Promise<void> {
  for (const runtime of chosenRuntimes(wanted)) await action(runtime);
}
