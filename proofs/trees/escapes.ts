/**
 * Nobody escapes: trees that fork while they are ended, in each way, alone and beside 3,000 others
 * and two busy loops. Whoever carries the tree's mark afterwards was lost, unless the report names
 * it or says that it is not settled.
 *
 * Where as many ended as a chain may have, it was not caught: it had stopped growing by itself.
 *
 * Takes a factor for the number of rounds, and words that a shape's name must have.
 */
import type { KillTreeOptions } from "../../mod.ts";
import { tryToEscape } from "../../tests/support/escape.ts";
import { type Shape, shapes } from "./escape_shapes.ts";
import { Bystanders, room, type Surroundings } from "./surroundings.ts";
import { row, spread } from "./tally.ts";

const [factor = "1", ...words] = process.argv.slice(2);

const WAYS: [string, KillTreeOptions][] = [
  ["default", { graceMs: 300 }],
  ["graceMs 0", { graceMs: 0 }],
  ["SIGKILL", { killSignal: "SIGKILL" }],
];

const IDLE = Math.max(0, Math.min(3000, room() - 5000));
const SURROUNDINGS: Surroundings[] = [
  { name: "alone", idle: 0, busy: 0 },
  { name: `beside ${IDLE} idle and 2 busy processes`, idle: IDLE, busy: 2 },
];

/** What the rounds of one shape, way and surroundings have shown. */
class Tally {
  rounds = 0;
  left = 0;
  lost = 0;
  lossy = 0;
  unsettled = 0;
  failures: string[] = [];
  readonly durations: number[] = [];
  readonly ended: number[] = [];

  async add(shape: Shape, options: KillTreeOptions, others: Set<number>): Promise<void> {
    const command = shape.command(1 + this.rounds++ * 7 % 200);
    try {
      const { report, left } = await tryToEscape(command, options, others);
      const named = new Set(report.escaped.map(({ pid }) => pid));
      const lost = left.filter((pid) => !named.has(pid)).length;
      this.left += left.length;
      if (report.settled === false) this.unsettled++;
      else this.lost += lost;
      if (lost > 0) this.lossy++;
      this.durations.push(report.durationMs);
      this.ended.push(report.ended.length);
    } catch (error) {
      this.failures.push(String(error));
    }
  }

  holds({ expectation }: Shape): boolean {
    if (this.failures.length > 0) return false;
    if (expectation === "outside") return true;
    return this.lost === 0 && (expectation === "honest" || this.left + this.unsettled === 0);
  }

  cells(): (string | number)[] {
    const { rounds, left, lossy, lost, unsettled, durations, ended } = this;
    return [rounds, left, lost, lossy, unsettled, spread(durations), spread(ended)];
  }
}

const HEADER = ["rounds", "left", "lost", "lossy", "unsettled", "ms", "ended"];
let failed = false;

async function proveBeside(surroundings: Surroundings): Promise<void> {
  const bystanders = await Bystanders.start(surroundings);
  console.log(row(surroundings.name, HEADER));
  for (const shape of await shapes(IDLE)) {
    if (!words.every((word) => shape.name.split(" ").includes(word))) continue;
    for (const [way, options] of WAYS) {
      const tally = new Tally();
      const rounds = Math.ceil(shape.rounds * Number(factor));
      while (tally.rounds < rounds) await tally.add(shape, options, bystanders.pids);
      const holds = tally.holds(shape);
      if (!holds) failed = true;
      console.log(row(`${shape.name}, ${way}`, tally.cells()) + (holds ? "" : "  FAILS"));
      for (const failure of tally.failures) console.log(`    ${failure}`);
    }
  }
  const gone = await bystanders.countLost();
  if (gone > 0) failed = true;
  console.log(`  ${gone} of ${bystanders.pids.size} bystanders were ended`);
  await bystanders.end();
}

for (const surroundings of SURROUNDINGS) await proveBeside(surroundings);
if (failed) process.exitCode = 1;
