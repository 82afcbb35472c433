/** Runs the suite in one virtual machine after the other. */
import { sum } from "../counts.ts";
import { readReport, type Report, type Result, skipReasons, table, words } from "./results.ts";

/** A machine with a name, and what its serial console says. */
export interface Source {
  name: string;
  lines: () => AsyncIterable<string>;
}

/** Says how each went, prints the table, and answers whether all went well. */
export async function runSuite(sources: Source[], runtimes: string[]): Promise<boolean> {
  const reports = new Map<string, Report>();
  for (const { name, lines } of sources) {
    console.log(`\n== ${name}`);
    const report = await readReport(lines(), (result) => tell(name, result));
    for (const reason of skipReasons(report)) console.log(`skipped  ${reason}`);
    reports.set(name, report);
  }
  console.log(`\n${table(reports, runtimes)}`);
  const complaints = [...reports].flatMap(([name, report]) => complaintsOf(name, report));
  for (const complaint of complaints) console.log(complaint);
  const { passed, failed } = sum([...reports.values()].flatMap(({ results }) => results));
  console.log(`${passed} passed, ${failed + complaints.length} failed`);
  return failed + complaints.length === 0;
}

function tell(machine: string, result: Result): void {
  const { runtime, file, seconds } = result;
  const time = `${seconds.toFixed(1)} s`.padStart(8);
  console.log(`${machine}  ${runtime.padEnd(8)} ${file.padEnd(24)} ${time}  ${words(result)}`);
  if (result.failed > 0) console.log(result.output);
}

/** What is wrong with a report besides tests that failed. */
function complaintsOf(name: string, { isComplete, results, rest }: Report): string[] {
  const complaints: string[] = [];
  if (!isComplete) complaints.push(`${name}: the last line is missing\n${rest.join("\n")}`);
  const files = new Set(results.map(({ file }) => file));
  for (const file of files) {
    const counts = results.filter((result) => result.file === file)
      .map(({ passed, failed, skipped }) => passed + failed + skipped);
    if (new Set(counts).size > 1) {
      complaints.push(`${name}: the runtimes counted different numbers of tests in ${file}`);
    }
  }
  return complaints;
}
