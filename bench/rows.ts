/** What a benchmark has measured: printed, and added to a file where PIDFD_BENCH_ROWS names one. */
import { appendFileSync } from "node:fs";

/** One way to do it, and its medians by their units. */
export interface Row {
  readonly way: string;
  readonly [figure: string]: string | number;
}

// deno-lint-ignore no-explicit-any
const { Deno: deno, Bun: bun } = globalThis as any;

const runtime = deno ? "Deno" : bun ? "Bun" : `Node ${process.versions.node.split(".")[0]}`;

export function median(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[values.length >> 1]);
}

/** One line for each. */
export function report(bench: string, rows: readonly Row[]): void {
  const file = process.env.PIDFD_BENCH_ROWS;
  for (const { way, ...figures } of rows) {
    const cells = Object.entries(figures).map(([name, value]) => `${value} ${name}`.padStart(20));
    console.log(`${runtime}, ${bench}: ${way.padEnd(17)}${cells.join("")}`);
    if (file) appendFileSync(file, JSON.stringify({ bench, runtime, way, ...figures }) + "\n");
  }
}
