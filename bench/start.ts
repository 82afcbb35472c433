/**
 * What the first use costs: import and first open, measured inside a new process, several times.
 */
import { run, runtimeCommand } from "../tests/support/processes.ts";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("./first_open.ts", import.meta.url));
const [program, ...args] = runtimeCommand(file);
const times: number[] = [];
for (let round = 0; round < 15; round++) times.push(Number((await run(program, args)).stdout));
times.sort((a, b) => a - b);
console.log(
  `import and first open    ${times[7].toFixed(2)} ms (median of 15; ${times[0].toFixed(2)} to ${
    times[14].toFixed(2)
  })`,
);
