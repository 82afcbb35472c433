/** The long proofs about waiting. */
import { prove } from "./proof.ts";

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

await prove([
  { title: "1,000 children by each spawn call", args: ["proofs/waiting/children.ts"] },
  {
    title: "the same on a kernel without exit records",
    args: ["proofs/waiting/children.ts"],
    under: [helper, "deny-ioctl", GET_INFO, ENOTTY],
  },
  {
    title: "10,000 processes at once",
    args: ["proofs/waiting/crowd.ts"],
    under: MANY_FILES,
  },
  { title: "200 waits while there is no memory", args: ["proofs/waiting/pressure.ts"] },
  {
    title: "1,000 Workers terminated while they wait",
    args: ["tests/fixtures/waiting_workers.ts", "1000"],
    under: MANY_FILES,
  },
]);
