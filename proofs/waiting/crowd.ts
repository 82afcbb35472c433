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

/** For each process: microseconds of this process's CPU time, which others on the machine don't change, and bytes. */
interface Cost {
  registering: number;
  delivering: number;
  /** From the signal to the last promise, by the clock: the ending itself, and whoever else is busy, included. */
  elapsed: number;
  bytes: number;
}

/** Known by the signals that they block, and by which no runtime's own thread does: see zig/src/pidfd/watcher.zig. */
function watchers(): number {
  return readdirSync("/proc/self/task").filter((task) => {
    try {
      const status = readFileSync(`/proc/self/task/${task}/status`, "latin1");
      return status.includes("SigBlk:\tfffffffc7ffbfeff");
    } catch {
      return false; // It ended while it was looked at.
    }
  }).length;
}

function heapBytes(): number {
  return process.memoryUsage().heapUsed;
}

function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function group(handles: Pidfd[], cost: Cost): Promise<void> {
  const told = new Uint8Array(handles.length);
  const bytes = heapBytes();
  const start = cpuTime();
  const waits = handles.map((handle, index) =>
    handle.wait().then((status) => (told[index]++, status))
  );
  const registered = cpuTime();
  cost.bytes += heapBytes() - bytes;
  const delivery = cpuTime();
  const signalled = performance.now();
  for (const handle of handles) handle.signal("SIGKILL");
  const statuses = await Promise.all(waits);
  cost.elapsed += (performance.now() - signalled) * 1000;
  cost.delivering += cpuTime() - delivery;
  cost.registering += registered - start;
  const isRight = told.every((count) => count === 1) &&
    statuses.every(({ known, signal }) => !known || signal === "SIGKILL");
  if (!isRight) throw new Error(`of ${handles.length}, not each was told once and right`);
}

async function pass(size: number, total = TOTAL): Promise<Cost> {
  const crowd = new Helper("crowd", String(total));
  const handles: Pidfd[] = [];
  for (let count = 0; count < total; count++) handles.push(Pidfd.open(Number(await crowd.line())));
  const sum: Cost = { registering: 0, delivering: 0, elapsed: 0, bytes: 0 };
  for (let first = 0; first < total; first += size) {
    await group(handles.slice(first, first + size), sum);
  }
  for (const handle of handles) handle.close();
  await crowd.end();
  const { registering, delivering, elapsed, bytes } = sum;
  return {
    registering: registering / total,
    delivering: delivering / total,
    elapsed: elapsed / total,
    bytes: bytes / total,
  };
}

function median(costs: Cost[], of: keyof Cost): number {
  return costs.map((cost) => cost[of]).sort((a, b) => a - b)[costs.length >> 1];
}

// The runtime's own threads and the compiler's work are done before anything is counted.
await pass(10, 1000);
await pass(1000, 1000);
const costs = new Map<number, Cost[]>(SIZES.map((size) => [size, []]));
for (let count = 0; count < PASSES; count++) {
  for (const size of SIZES) costs.get(size)!.push(await pass(size));
}
for (const [size, of] of costs) {
  const [registering, delivering, elapsed] = (["registering", "delivering", "elapsed"] as const)
    .map((what) => median(of, what).toFixed(1));
  console.log(
    `  ${
      String(size).padStart(6)
    } at once, each: registering ${registering} µs and delivering ${delivering} µs of CPU time, ` +
      `${elapsed} µs from signal to promise, ${median(of, "bytes").toFixed(0)} bytes of heap`,
  );
}
const growth = (of: keyof Cost) => median(costs.get(TOTAL)!, of) / median(costs.get(SIZES[0])!, of);
const grown = (["registering", "delivering", "elapsed"] as const).map(growth);
console.log(
  `  growth ${grown.map((ratio) => ratio.toFixed(2)).join(", ")}; threads: ${watchers()}`,
);
process.exitCode = grown.every((ratio) => ratio <= ALLOWED_GROWTH) && watchers() === 1 ? 0 : 1;
