/** The long proofs about orphans, parents, locks and pid files. */
import { prove } from "../prove.ts";

const helper = new URL("../../zig/zig-out/bin/helper", import.meta.url).pathname;
const REAP = "tests/fixtures/reap_orphans.ts";

await prove([
  {
    title: "10,000 children of the runtime's, a tenth in a Worker that blocks, and 1,000 orphans",
    args: [REAP, "9000", "1000", "1000"],
  },
  { title: "the same without a grace", args: [REAP, "9000", "1000", "1000", "0"] },
  {
    title: "the same as pid 1",
    args: [REAP, "9000", "1000", "1000"],
    under: [helper, "in-own-proc", ""],
  },
  { title: "1,000 programs whose parent is killed", args: ["proofs/orphans/exits.ts", "1000"] },
  { title: "no wake-up while a program follows its parent", args: ["proofs/orphans/quiet.ts"] },
  { title: "1,000 locks whose process is killed", args: ["proofs/orphans/locks.ts", "1000"] },
  { title: "1,000 times one pid file by 4 writers", args: ["proofs/orphans/pidfiles.ts", "1000"] },
  { title: "100 looks for a mark, beside forks", args: ["proofs/orphans/marks.ts", "100"] },
]);
