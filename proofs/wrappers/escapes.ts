/** What a command leaves behind, and how many of it are there. */
import { readFileSync } from "node:fs";
import { findOrphans, killTree } from "../../mod.ts";
import { HELPER } from "../../tests/support/processes.ts";
import { allPids } from "../../tests/support/proc.ts";

/**
 * Starts processes that try what there is: a session, a lost parent, both, and signals ignored;
 * then says so, and becomes one that ends by any signal.
 */
const SCRIPT = `
"$0" pause > /dev/null &
setsid "$0" pause > /dev/null &
("$0" pause > /dev/null &)
(setsid "$0" pause > /dev/null &)
(trap "" TERM INT HUP; exec "$0" pause > /dev/null) &
(trap "" TERM INT HUP; setsid "$0" pause > /dev/null &)
echo ready
exec "$0" pause > /dev/null
`;

/** The command. */
export const ESCAPES: readonly string[] = ["sh", "-c", SCRIPT, HELPER];
/** How many they are, the command itself among them. */
export const COUNT = 7;

/** How many of a mark run. */
export function countMarked(mark: string): number {
  return allPids().filter((pid) => {
    try {
      const isMarked = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
      return isMarked && readFileSync(`/proc/${pid}/comm`, "latin1").trim() === "helper";
    } catch {
      return false;
    }
  }).length;
}

/** Ends them. */
export async function sweep(mark: string): Promise<void> {
  const orphans = findOrphans({ environment: Object.fromEntries([mark.split("=")]) });
  await Promise.all([...orphans].map(({ handle }) => killTree(handle, { killSignal: "SIGKILL" })));
  orphans.close();
}
