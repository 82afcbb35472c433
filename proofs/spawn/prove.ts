/** The long proofs about starting processes. */
import { prove } from "../prove.ts";

const helper = new URL("../../zig/zig-out/bin/helper", import.meta.url).pathname;
const ENOSYS = "38";
const FLOOD = '"$0" "$@" & pid=$!; while kill -WINCH $pid 2>/dev/null; do :; done; wait $pid';
const crowd = (count: number) => ["proofs/spawn/crowd.ts", String(count), "50"];

await prove([
  { title: "10,000 processes, 1,000 of them the runtime's own", args: crowd(10_000) },
  {
    title: "1,000 without clone3(2) and close_range(2)",
    args: crowd(1_000),
    under: [helper, "deny", "clone3", ENOSYS, helper, "deny", "close_range", ENOSYS],
  },
  { title: "1,000 under a flood of signals", args: crowd(1_000), under: ["bash", "-c", FLOOD] },
  { title: "200 programs killed while they start", args: ["proofs/spawn/killed.ts", "200"] },
  { title: "1,000 with contained ones", args: ["proofs/spawn/contained.ts", "1000"] },
  { title: "1,000 guards that are killed", args: ["proofs/spawn/guards.ts", "1000"] },
  { title: "a gibibyte each way, the slow and the idle", args: ["proofs/spawn/flow.ts"] },
  {
    title: "1,000 cats with three streams each",
    args: ["proofs/spawn/cats.ts", "1000"],
    under: ["bash", "-c", 'ulimit -n 16384; exec "$0" "$@"'],
  },
]);
