/**
 * Looks for marked processes while others, with the mark and without it, are made at full speed:
 * each that lives all the time must be found, and none without the mark.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { findOrphans, type Orphan } from "../../mod.ts";

const COUNT = Number(process.argv[2] ?? 100);
const STEADY = 60;
const STORM = "while :; do (:) & (:) & wait; done";
const mark = { PIDFD_PROOF: crypto.randomUUID() };
const env = { ...process.env, ...mark };

/** An environment is empty once its process has ended. */
function isStranger({ handle }: Orphan): boolean {
  try {
    const environment = readFileSync(`/proc/${handle.pid}/environ`, "latin1");
    return environment !== "" && !environment.includes(mark.PIDFD_PROOF) && handle.isAlive();
  } catch {
    return false;
  }
}

const steady = Array.from({ length: STEADY }, () => spawn("sleep", ["1000"], { env }));
const storms = [env, process.env].map((env) => spawn("sh", ["-c", STORM], { env }));
await setTimeout(300);
let right = 0;
let longest = 0;
for (let count = 0; count < COUNT; count++) {
  const start = performance.now();
  const orphans = findOrphans({ environment: mark });
  longest = Math.max(longest, performance.now() - start);
  const found = new Set([...orphans].map(({ handle }) => handle.pid));
  const isWhole = [...steady, storms[0]].every(({ pid }) => found.has(pid!));
  if (isWhole && !found.has(storms[1].pid!) && ![...orphans].some(isStranger)) right++;
  orphans.close();
}
await Promise.all([...steady, ...storms].map((child: ChildProcess) => {
  child.kill("SIGKILL");
  return once(child, "exit");
}));
console.log(
  `  ${right} of ${COUNT} looks found ${STEADY + 1} processes and no stranger, ` +
    `the longest took ${Math.round(longest)} ms`,
);
process.exitCode = right === COUNT ? 0 : 1;
