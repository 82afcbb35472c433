/**
 * Ends a process and all of its descendants, and tells how each ended: `end_tree.ts PID
 * [GRACE_MS]`.
 */
import process from "node:process";
import { killTree, type TreeEnd } from "../mod.ts";

function tell({ name, forced, status }: TreeEnd): void {
  const how = status.known ? status.signal ?? `code ${status.code}` : "nobody tells how";
  console.log(`${name} ended: ${how}${forced ? ", by force" : ""}`);
}

const [pid, graceMs = 5000] = process.argv.slice(2).map(Number);
// Ctrl-C gives up: what was stopped goes on, and the report says who had ended.
const giveUp = new AbortController();
process.once("SIGINT", () => giveUp.abort());
const killing = killTree(pid, { graceMs, signal: giveUp.signal, onEnd: tell });
try {
  await killing;
} catch (error) {
  if (!giveUp.signal.aborted) throw error;
} finally {
  // The signal's listener would keep the program alive.
  process.removeAllListeners("SIGINT");
}
const { ended, escaped, hidden } = killing.report();
console.log(`${ended.length} ended, ${escaped.length} left, ${hidden} not shown`);
for (const { name, reason, error } of escaped) console.log(`${name}: ${error?.code ?? reason}`);
