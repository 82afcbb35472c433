/** Runs programs to their end. */

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** What it said instead of success is ignored. */
  mayFail?: boolean;
}

/** What a program printed. Throws with what it complained of when it fails. */
export function run(program: string, args: string[], options: RunOptions = {}): string {
  const { mayFail, ...rest } = options;
  const output = new Deno.Command(program, { args, stdin: "null", ...rest }).outputSync();
  const decoder = new TextDecoder();
  if (!output.success && !mayFail) {
    const complaint = decoder.decode(output.stderr);
    throw new Error(`${program} ${args.join(" ")} ended with ${output.code}: ${complaint}`);
  }
  return decoder.decode(output.stdout);
}
