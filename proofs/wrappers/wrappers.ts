/** The programs that run a command for somebody, and how each is called. */
import { RUNTIMES } from "../../scripts/runtimes.ts";

/** One of them. */
export interface Wrapper {
  name: string;
  /** What the command is written behind. */
  command: string[];
  isOurs: boolean;
}

const CLI = new URL("../../npm/cli.mjs", import.meta.url).pathname;
const NO_ORPHANS = new URL("no_orphans.js", import.meta.url).pathname;
const bun = RUNTIMES.find(({ name }) => name === "Bun")!.file;

const OURS = RUNTIMES.map(({ name, file }): Wrapper => ({
  name: `pidfd run, ${name}`,
  command: [...file, CLI, "run", "--grace=1s", "--"],
  isOurs: true,
}));

const OTHERS: Record<string, string[]> = {
  "timeout -k 1": ["timeout", "-k", "1", "1h"],
  "tini -s -g": ["tini", "-s", "-g", "--"],
  "dumb-init": ["dumb-init", "--"],
  "catatonit -g": ["catatonit", "-g", "--"],
  "setsid -w": ["setsid", "-w"],
  "unshare -U -p -f --kill-child": ["unshare", "-U", "-p", "-f", "--kill-child", "--"],
  "bun --no-orphans": [...bun, "--no-orphans", NO_ORPHANS],
};

/** All of them, ours first. */
export const WRAPPERS: Wrapper[] = [
  ...OURS,
  ...Object.entries(OTHERS).map(([name, command]) => ({ name, command, isOurs: false })),
];
