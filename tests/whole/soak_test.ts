import assert from "node:assert/strict";
import { test } from "node:test";
import { chart } from "../../proofs/soak/chart.ts";
import { grows, marksOf, QUANTITIES, type Sample } from "../../proofs/soak/samples.ts";

/** Two minutes of samples. */
function samples(of: (seconds: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: 120 }, (_, seconds) => ({
    seconds,
    descriptors: 20,
    threads: 4,
    rssMiB: 80,
    ...of(seconds),
  }));
}

test("the soak finds what grows from the second minute on, and nothing that comes and goes", () => {
  const flat = samples((seconds) => ({ descriptors: seconds % 7 === 0 ? 30 : 20 }));
  const early = samples((seconds) => ({ threads: Math.min(seconds, 40) }));
  const leaking = samples((seconds) => ({ descriptors: 20 + seconds, rssMiB: 80 + seconds }));
  const growing = (library: Sample[], control: Sample[]) =>
    QUANTITIES.filter((name) => grows(marksOf(library, name), marksOf(control, name), name));
  assert.deepEqual(growing(flat, flat), []);
  assert.deepEqual(growing(early, flat), []);
  assert.deepEqual(growing(leaking, flat), ["descriptors", "rssMiB"]);
  assert.deepEqual(growing(leaking, leaking), []);
});

test("the soak's chart has a line for each side and quantity", () => {
  const svg = chart([{ runtime: "Node", library: samples(() => ({})), control: [] }]);
  assert.equal(svg.match(/<polyline/g)?.length, 2 * QUANTITIES.length);
  assert.doesNotMatch(svg, /NaN/);
});
