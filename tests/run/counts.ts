/** What a runtime's own closing lines say of the tests that it ran. */

/** How many tests a runtime ran, and how they went. */
export interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const PATTERNS: Record<string, [passed: RegExp, failed: RegExp, skipped: RegExp]> = {
  Deno: [/(\d+) passed/, /(\d+) failed/, /(\d+) ignored/],
  Bun: [/^\s*(\d+) pass$/m, /^\s*(\d+) fail$/m, /^\s*(\d+) skip$/m],
  Zig: [/(?:All |^)(\d+) (?:tests )?passed/m, /(\d+) failed/, /(\d+) skipped/],
  Node: [/^# pass (\d+)$/m, /^# fail (\d+)$/m, /^# skipped (\d+)$/m],
};

/**
 * Reads the counts from what a runtime printed. One that ended badly without naming a test has
 * failed all the same.
 */
export function countTests(runtime: string, text: string, success: boolean): Count {
  const [passed, failed, skipped] = PATTERNS[runtime.split(" ")[0]]
    .map((pattern) => Number(pattern.exec(text)?.[1] ?? 0));
  const isFailure = !success || failed > 0 || passed + skipped === 0;
  return { passed, failed: isFailure ? Math.max(failed, 1) : 0, skipped };
}

/** The counts together. */
export function sum(counts: Count[]): Count {
  const total = (field: keyof Count) => counts.reduce((sum, count) => sum + count[field], 0);
  return { passed: total("passed"), failed: total("failed"), skipped: total("skipped") };
}

/** What a run of the suite says of each runtime, by the runtime's name. */
export function countsByRuntime(text: string): Map<string, string> {
  const lines = text.matchAll(/^(Deno|Bun|Node \d+) +(\d+ passed, .*)$/gm);
  return new Map([...lines].map(([, name, counts]) => [name, counts]));
}
