/** What the command line asks for. */
export interface Wanted {
  /** Kernels or CPUs; all, where none is named. */
  names: string[];
  /** Whether a runtime is asked for. */
  runtimes: (name: string) => boolean;
  /** Whether a file of tests is asked for. */
  files: (name: string) => boolean;
  /** How many seconds one file of tests may take. */
  limit: number;
}

/** Options may be given several times. */
export function parseArguments(args: string[], defaultRuntimes: string[]): Wanted {
  const options: Record<string, string[]> = { "--runtime": [], "--file": [], "--limit": [] };
  const names: string[] = [];
  for (let at = 0; at < args.length; at++) {
    if (args[at] === "--") continue;
    if (args[at] in options && args[at + 1]) options[args[at]].push(args[++at]);
    else if (args[at].startsWith("-")) throw new Error(`unknown option: ${args[at]}`);
    else names.push(args[at]);
  }
  const { "--runtime": runtimes, "--file": files, "--limit": [limit] } = options;
  const isIn = (wanted: string[]) => (name: string) =>
    wanted.length === 0 || wanted.some((part) => name.toLowerCase().includes(part.toLowerCase()));
  return {
    names,
    runtimes: isIn(runtimes.length > 0 ? runtimes : defaultRuntimes),
    files: isIn(files),
    limit: Number(limit ?? 600),
  };
}
