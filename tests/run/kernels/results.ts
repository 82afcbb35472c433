/** Reads the results out of a serial console, and shows them. */
import { type Count, countTests, sum } from "../counts.ts";

/** One file of tests, on one runtime. */
export interface Result extends Count {
  runtime: string;
  file: string;
  seconds: number;
  output: string;
}

/** What a whole machine said. */
export interface Report {
  release: string;
  results: Result[];
  /** Whether the last line came: without it results are missing. */
  isComplete: boolean;
  /** What no result belongs to: the kernel's own words. */
  rest: string[];
}

/** Follows the console; `onResult` hears of each result as it comes. */
export async function readReport(
  lines: AsyncIterable<string>,
  onResult: (result: Result) => void,
): Promise<Report> {
  const report: Report = { release: "", results: [], isComplete: false, rest: [] };
  let output: string[] = [];
  for await (const line of lines) {
    const [, word, details] = /^@pidfd (\w+)\|?(.*)$/.exec(line) ?? [];
    if (word === "start") report.release = details.split("|")[0];
    else if (word === "end") report.isComplete = true;
    else if (word === "result") {
      const result = readResult(details, output.join("\n"));
      report.results.push(result);
      onResult(result);
      output = [];
    } else if (line.startsWith("| ")) output.push(line.slice(2));
    else if (line !== "") report.rest.push(line);
  }
  return report;
}

function readResult(details: string, output: string): Result {
  const [runtime, file, code, started, ended] = details.split("|");
  const seconds = Number(ended) - Number(started);
  return { runtime, file, seconds, output, ...countTests(runtime, output, code === "0") };
}

/** "12 passed, 0 failed, 1 skipped". */
export function words({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** A row for each machine, a column for each runtime. */
export function table(reports: Map<string, Report>, runtimes: string[]): string {
  const rows = [...reports].map(([name, { results }]) => [
    name,
    ...runtimes.map((runtime) => {
      const own = results.filter((result) => result.runtime === runtime);
      const { passed, failed, skipped } = sum(own);
      return own.length === 0 ? "-" : `${passed} / ${failed} / ${skipped}`;
    }),
  ]);
  const all = [["passed / failed / skipped", ...runtimes], ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all.map((row) => row.map((cell, at) => cell.padEnd(widths[at])).join("  ")).join("\n");
}

/** Why tests were skipped, as Node's runner says it. */
export function skipReasons({ results }: Report): string[] {
  const reasons = results.flatMap(({ output }) =>
    [...output.matchAll(/^\s*ok \d+ - (.*?) # SKIP (.*)$/gm)].map(([, name, why]) =>
      `${name}: ${why}`
    )
  );
  return [...new Set(reasons)];
}
