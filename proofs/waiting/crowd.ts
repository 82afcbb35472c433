/**
 * From 10 to 10,000 processes awaited at once: one thread, a cost per process that does not grow, each told once.
 *
 * Every pass has the same 10,000 processes, all of them open, and awaits them in groups of one size: so each size has as many
 * registrations as the others, and its share of what the collector does. Sizes take turns, and the median of the passes
 * counts, because a machine that others share has slow spells.
 */
import { readdirSync, readFileSync } from "node:fs";
import { Pidfd } from "../../mod.ts";
import { Helper } from "../../tests/support/processes.ts";

const TOTAL = Number(process.argv[2] ?? 10_000);
const SIZES = [10, 100, 1000, TOTAL];
const PASSES = 5;
const ALLOWED_GROWTH = 1.5;

/** Microseconds and bytes for each process. */
interface Cost {
  registering: number;
  delivering: number;
  /** What delivering took of this process's CPU time: the rest is the ending itself, and whoever else is busy. */
  cpu: number;
  bytes: number;
}

function threads(): number {
  return readdirSync("/proc/self/task").length;
}

function residentBytes(): number {
  return Number(readFileSync("/proc/self/statm", "latin1").split(" ")[1]) * 4096;
}

function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function group(handles: Pidfd[], cost: Cost): Promise<void> {
  const told = new Uint8Array(handles.length);
  const start = performance.now();
  const waits = handles.map((handle, index) =>
    handle.wait().then((status) => (told[index]++, status))
  );
  const registered = performance.now();
  const cpu = cpuTime();
  for (const handle of handles) handle.signal("SIGKILL");
  const statuses = await Promise.all(waits);
  cost.cpu += cpuTime() - cpu;
  cost.delivering += (performance.now() - registered) * 1000;
  cost.registering += (registered - start) * 1000;
  const isRight = told.every((count) => count === 1) &&
    statuses.every(({ known, signal }) => !known || signal === "SIGKILL");
  if (!isRight) throw new Error(`of ${handles.length}, not each was told once and right`);
}

async function pass(size: number, total = TOTAL): Promise<Cost> {
  const crowd = new Helper("crowd", String(total));
  const handles: Pidfd[] = [];
  for (let count = 0; count < total; count++) handles.push(Pidfd.open(Number(await crowd.line())));
  const sum: Cost = { registering: 0, delivering: 0, cpu: 0, bytes: residentBytes() };
  for (let first = 0; first < total; first += size) {
    await group(handles.slice(first, first + size), sum);
  }
  sum.bytes = residentBytes() - sum.bytes;
  for (const handle of handles) handle.close();
  await crowd.end();
  const { registering, delivering, cpu, bytes } = sum;
  return {
    registering: registering / total,
    delivering: delivering / total,
    cpu: cpu / total,
    bytes: bytes / total,
  };
}

function median(costs: Cost[], of: keyof Cost): number {
  return costs.map((cost) => cost[of]).sort((a, b) => a - b)[costs.length >> 1];
}

// The runtime's own threads and the compiler's work are done before anything is counted.
await pass(10, 1000);
await pass(1000, 1000);
const before = threads();
const costs = new Map<number, Cost[]>(SIZES.map((size) => [size, []]));
for (let count = 0; count < PASSES; count++) {
  for (const size of SIZES) costs.get(size)!.push(await pass(size));
}
for (const [size, of] of costs) {
  console.log(
    `  ${String(size).padStart(6)} at once: registering ${
      median(of, "registering").toFixed(1)
    } µs, from the signal to the promise ${median(of, "delivering").toFixed(1)} µs, of which ${
      median(of, "cpu").toFixed(1)
    } µs of our CPU time, ${median(of, "bytes").toFixed(0)} more bytes, each`,
  );
}
const growth = (of: keyof Cost) => median(costs.get(TOTAL)!, of) / median(costs.get(SIZES[0])!, of);
const grown = [growth("registering"), growth("delivering"), growth("cpu")];
const more = threads() - before;
console.log(
  `  ${TOTAL} told; growth ${
    grown.map((ratio) => ratio.toFixed(2)).join(", ")
  }; ${more} more threads`,
);
process.exitCode = grown.every((ratio) => ratio <= ALLOWED_GROWTH) && more <= 0 ? 0 : 1;
