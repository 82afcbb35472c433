/** What a run of the model came to. */

interface Count {
  readonly pidfds: number;
  readonly threads: number;
  readonly descriptors: number;
}

export interface Verdict {
  readonly done: number;
  readonly strangers: number;
  readonly hits: number;
  readonly violations: readonly string[];
}

/** Judges what the run printed; a run that printed nothing has crashed, or hangs. */
export function judge(stdout: string, stderr: string): Verdict {
  if (stdout === "") {
    return { done: 0, strangers: 0, hits: 0, violations: [`nothing printed: ${stderr}`] };
  }
  const { done, strangers, hits, before, after, finding } = JSON.parse(stdout);
  const violations = finding === undefined ? [] : [finding];
  if (hits > 0) violations.push(`${hits} signals reached a stranger`);
  for (const name of ["pidfds", "threads", "descriptors"] satisfies (keyof Count)[]) {
    if (after[name] <= before[name]) continue;
    violations.push(`${after[name]} ${name} are left of ${before[name]}`);
  }
  return { done, strangers, hits, violations };
}
