/** The long proofs about trees. */
import { prove } from "../prove.ts";

await prove([
  // Takes some 11,000 descriptors; the runtimes raise their own limit as far as they may.
  { title: "trees of up to 5,000 processes", args: ["proofs/trees/sizes.ts"] },
  {
    title: "no stranger is signalled in 10,000 rounds",
    args: ["proofs/trees/strangers.ts", "10000"],
  },
  { title: "nobody escapes, in 100 rounds of each chain", args: ["proofs/trees/escapes.ts"] },
  { title: "the cost follows the tree, not the machine", args: ["proofs/trees/beside.ts"] },
]);
