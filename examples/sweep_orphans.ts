/**
 * Ends what a program that has ended left in its session or process group: `sweep_orphans.ts
 * IDENTITY [GRACE_MS]`.
 */
import process from "node:process";
import { findOrphans, killTree } from "../mod.ts";

// The program has stored it while it ran: String(Pidfd.self().identity()).
const [identity, graceMs = "5000"] = process.argv.slice(2);
const orphans = findOrphans(identity);
try {
  // Each with what it has started since; nobody else is hit, whatever becomes of the pids
  // meanwhile.
  const reports = await Promise.all(
    [...orphans].map(({ handle }) => killTree(handle, { graceMs: Number(graceMs) })),
  );
  for (const { ended } of reports) for (const { pid, name } of ended) console.log(pid, name);
} finally {
  orphans.close();
}
