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
  {
    name: "Bun",
    // Bun ends a test after 5 s, where the others have no limit.
    suite: [`${bin}.bin/bun`, "test", "--timeout", "600000"],
    file: [`${bin}.bin/bun`],
  },
  node(22),
  node(24),
  node(26),
];
