/** Ends what an exited program left behind, by a variable: `sweep_orphans.ts KEY=VALUE [GRACE_MS]`. */
import process from "node:process";
import { findOrphans, killTree } from "../mod.ts";

// The program has given this variable, with a random value, to what it started.
const [mark, graceMs = "5000"] = process.argv.slice(2);
const [, name, value] = /^(.+?)=(.*)$/s.exec(mark ?? "") ?? [];
if (name === undefined) throw new TypeError("The first argument must be KEY=VALUE");
const orphans = findOrphans({ environment: { [name]: value } });
try {
  // Each with what it has started since; nobody else is hit, whatever becomes of the pids meanwhile.
  const reports = await Promise.all(
    [...orphans].map(({ handle }) => killTree(handle, { graceMs: Number(graceMs) })),
  );
  for (const { ended } of reports) for (const { pid, name } of ended) console.log(pid, name);
} finally {
  orphans.close();
}
