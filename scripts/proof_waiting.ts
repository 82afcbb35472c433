/** The long proofs about waiting, on each runtime; ends with 1 if any of them is violated. */
import { RUNTIMES } from "./runtimes.ts";

const helper = new URL("../zig/zig-out/bin/helper", import.meta.url).pathname;
const GET_INFO = String(0xC058FF0B);
const ENOTTY = "25";

/** As many descriptors as we may have: one for each process that is awaited. */
const MANY_FILES = [
  "sh",
  "-c",
  'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"',
  "sh",
];

const PROOFS: [title: string, before: string[], after: string[]][] = [
  ["1,000 children by each spawn call", [], ["proofs/waiting/children.ts"]],
  [
    "the same on a kernel without exit records",
    [helper, "deny-ioctl", GET_INFO, ENOTTY],
    ["proofs/waiting/children.ts"],
  ],
  ["10,000 processes at once", MANY_FILES, ["proofs/waiting/crowd.ts"]],
  ["1,000 Workers terminated while they wait", MANY_FILES, [
    "tests/fixtures/waiting_workers.ts",
    "1000",
  ]],
];

const wanted = Deno.args.join(" ");
let failed = 0;
for (const { name, file } of RUNTIMES.filter(({ name }) => name.startsWith(wanted))) {
  for (const [title, before, after] of PROOFS) {
    console.log(`${name}: ${title}`);
    const [program, ...args] = [...before, ...file, ...after];
    const { success } = await new Deno.Command(program, {
      args,
      env: { NO_COLOR: "1", NODE_NO_WARNINGS: "1" },
    }).spawn().status;
    if (!success) {
      failed++;
      console.log("  VIOLATED");
    }
  }
}
console.log(failed === 0 ? "every proof holds" : `${failed} violated`);
if (failed > 0) Deno.exit(1);
