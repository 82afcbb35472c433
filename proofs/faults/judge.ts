/** What a program under a fault has printed, held against what must be. */

interface Report {
  readonly words: Readonly<Record<string, string>>;
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

/** How many operations succeeded, how many failed with an error of ours, and what must not be. */
export interface Verdict {
  readonly done: number;
  readonly failed: number;
  readonly violations: readonly string[];
}

/**
 * How many more there may be: some descriptors and threads are the runtime's own, and come and go.
 */
const MORE = { pidfds: 0, threads: 3, descriptors: 6 };

/** Judges the output of proofs/faults/subject.ts. */
export function judge(stdout: string, stderr: string): Verdict {
  if (stdout === "") return { done: 0, failed: 0, violations: [`ended: ${stderr.slice(0, 300)}`] };
  const { words, before, after }: Report = JSON.parse(stdout);
  const { afterwards, ...others } = words;
  // A code is in capitals; what hangs, and errors of others, are not.
  const violations = Object.entries(others)
    .filter(([, word]) => !/^(done|TimeoutError|TypeError|E[A-Z0-9]+)$/.test(word))
    .map(([name, word]) => `${name}: ${word}`);
  if (afterwards !== "SIGKILL") violations.push(`a later wait: ${afterwards}`);
  for (const [what, most] of Object.entries(MORE)) {
    const more = after[what] - before[what];
    if (more > most) violations.push(`${more} ${what} left`);
  }
  const isDone = (word: string) => word === "done" || word === "TimeoutError";
  const done = Object.values(others).filter(isDone).length;
  return { done, failed: Object.keys(others).length - done, violations };
}
