/**
 * What calls cost, side by side in one run: ours, the runtime's call by number, and the same system calls in a native
 * loop, which is the limit. Prints one table; ratios are what holds from machine to machine.
 */
import { measure } from "mitata";
import { LIBRARIES } from "../ffi/library.ts";
import { Pidfd } from "../mod.ts";
import { nativeLoop } from "./native_loop.ts";

const { deno, bun, node } = process.versions as Record<string, string | undefined>;
const runtime = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;

const handle = Pidfd.self();
const { pid } = handle;

async function nanoseconds(action: () => unknown): Promise<number> {
  const stats = await measure(action, { min_cpu_time: 300e6 } as never);
  return (stats as unknown as { p50: number }).p50;
}

const raw = await nativeLoop();
const rows: [what: string, ours: number, limit: number][] = [
  ["isAlive()", await nanoseconds(() => handle.isAlive()), raw.poll],
  ["signal(0)", await nanoseconds(() => handle.signal(0)), raw.signal],
  ["open + close", await nanoseconds(() => Pidfd.open(pid).close()), raw.open_close],
];
const byNumber = await nanoseconds(() => process.kill(pid, 0));
handle.close();

console.log(`${runtime}                 ours      native loop  ratio`);
for (const [what, ours, limit] of rows) {
  const cells = [`${ours.toFixed(0)} ns`, `${limit.toFixed(0)} ns`];
  console.log(
    `${what.padEnd(24)} ${cells[0].padStart(9)} ${cells[1].padStart(14)}  ${
      (ours / limit).toFixed(2)
    }`,
  );
}
console.log(`process.kill(pid, 0)     ${`${byNumber.toFixed(0)} ns`.padStart(9)}`);
if (runtime.startsWith("Deno")) {
  const sizes = Object.entries(LIBRARIES).map(([cpu, { base64 }]) =>
    `${cpu} ${Math.floor(base64.length * 3 / 4)}`
  );
  console.log(`library bytes: ${sizes.join(", ")}`);
}
