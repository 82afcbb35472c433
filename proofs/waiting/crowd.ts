/** From 10 to 10,000 processes awaited at once: one thread, a cost per process that does not grow, each told once. */
import { readdirSync, readFileSync } from "node:fs";
import { Pidfd } from "../../mod.ts";
import { Helper } from "../../tests/support/processes.ts";

const SIZES = [10, 100, 1000, Number(process.argv[2] ?? 10_000)];
const ALLOWED_GROWTH = 1.5;

interface Cost {
  registering: number;
  delivering: number;
  bytes: number;
}

function threads(): number {
  return readdirSync("/proc/self/task").length;
}

function residentBytes(): number {
  return Number(readFileSync("/proc/self/statm", "latin1").split(" ")[1]) * 4096;
}

async function round(size: number): Promise<Cost> {
  const crowd = new Helper("crowd", String(size));
  const handles: Pidfd[] = [];
  for (let count = 0; count < size; count++) handles.push(Pidfd.open(Number(await crowd.line())));
  const told = new Uint8Array(size);
  const memory = residentBytes();
  const start = performance.now();
  const waits = handles.map((handle, index) =>
    handle.wait().then((status) => (told[index]++, status))
  );
  const registered = performance.now();
  const bytes = residentBytes() - memory;
  for (const handle of handles) handle.signal("SIGKILL");
  const statuses = await Promise.all(waits);
  const end = performance.now();
  const isRight = told.every((count) => count === 1) &&
    statuses.every(({ known, signal }) => !known || signal === "SIGKILL");
  if (!isRight) throw new Error(`of ${size}, not each was told once and right`);
  for (const handle of handles) handle.close();
  await crowd.end();
  return {
    registering: (registered - start) * 1000 / size,
    delivering: (end - registered) * 1000 / size,
    bytes: bytes / size,
  };
}

/** The best of several rounds, because a machine that others share has slow spells. */
async function cost(size: number): Promise<Cost> {
  const rounds: Cost[] = [];
  for (let left = Math.max(3, Math.min(30, 1000 / size)); left > 0; left--) {
    rounds.push(await round(size));
  }
  const least = (of: (cost: Cost) => number) => Math.min(...rounds.map(of));
  return {
    registering: least((one) => one.registering),
    delivering: least((one) => one.delivering),
    bytes: Math.max(...rounds.map(({ bytes }) => bytes)),
  };
}

// The runtime's own threads and the compiler's work are done before anything is counted.
for (let count = 0; count < 20; count++) await round(50);
const before = threads();
const costs: Cost[] = [];
for (const size of SIZES) {
  const one = await cost(size);
  costs.push(one);
  console.log(
    `  ${String(size).padStart(6)} processes: registering ${
      one.registering.toFixed(1)
    } µs, from the signal to the promise ${one.delivering.toFixed(1)} µs each, ${
      one.bytes.toFixed(0)
    } bytes a wait`,
  );
}
const [first, last] = [costs[0], costs[costs.length - 1]];
const growth = [last.registering / first.registering, last.delivering / first.delivering];
const more = threads() - before;
console.log(
  `  growth ${growth.map((ratio) => ratio.toFixed(2)).join(" and ")}, ${more} more threads`,
);
process.exitCode = growth.every((ratio) => ratio <= ALLOWED_GROWTH) && more <= 0 ? 0 : 1;
