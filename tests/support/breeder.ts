/** Processes that are not this one's children, and that end in a given way: see zig/helper/breed.zig. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { constants } from "node:os";
import { type ExitStatus, type KilledStatus, Pidfd } from "../../mod.ts";
import { HELPER } from "./processes.ts";
import { ending, exitedWith, killedBy } from "./statuses.ts";

export type Kind = "parent" | "ignoring" | "daemon";

/** Every signal that ends a process that does nothing about it (signal(7)), and whether that dumps a core. */
export const FATAL_SIGNALS: [name: string, number: number, dumps: boolean][] = [
  ...Object.entries(constants.signals)
    .filter(([name]) =>
      !/^SIG(CHLD|CLD|CONT|STOP|TSTP|TTIN|TTOU|URG|WINCH|IOT|POLL|UNUSED|RTM.*)$/.test(name)
    )
    .map(([name, number]): [string, number, boolean] => [
      name,
      number,
      /^SIG(QUIT|ILL|TRAP|ABRT|BUS|FPE|SEGV|XCPU|XFSZ|SYS)$/.test(name),
    ]),
  ["SIGRTMIN", 34, false],
  ["SIGRTMIN+30", 64, false],
];

/**
 * Whether a core file goes to the folder where its process is. Otherwise the kernel hands it to a program or to a folder
 * of the system's, which tests must not fill.
 */
export const dumpsIntoFolder = !/^\||^@|\//.test(
  readFileSync("/proc/sys/kernel/core_pattern", "latin1"),
);

/** Every way to end: 256 codes, and each signal without a core dump and, where tests may do that, with one. */
export function everyEnd(): string[] {
  const codes = Array.from({ length: 256 }, (_, code) => `exit ${code}`);
  const signals = FATAL_SIGNALS.map(([, number]) => `signal ${number}`);
  const cores = FATAL_SIGNALS.filter(([, , dumps]) => dumps).map(([, number]) => `core ${number}`);
  return [...codes, ...signals, ...(dumpsIntoFolder ? cores : [])];
}

/** What a status must be after an end by order. */
export function expected(end: string): ExitStatus {
  const [how, digits] = end.split(" ");
  if (how === "exit") return exitedWith(Number(digits));
  const [name] = FATAL_SIGNALS.find(([, number]) => number === Number(digits))!;
  return killedBy(name as KilledStatus["signal"], how === "core");
}

/** What became of one process: what a wait on it told, and the wait status that its parent saw. */
export interface Told {
  end: string;
  status: ExitStatus | null;
  seenByParent: number;
}

/** Has a parent of this kind make one process after the other, and waits for each: a stranger to this process. */
export async function breed(kind: Kind, ends: string[], cwd: string): Promise<Told[]> {
  const child = spawn(HELPER, ["breed", kind], { cwd, stdio: ["pipe", "pipe", "inherit"] });
  const exit = once(child, "exit");
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => (await lines.next()).value!;
  const told: Told[] = [];
  for (const end of ends) {
    child.stdin!.write(`${end}\n`);
    const handle = Pidfd.open(Number(await line()));
    const waiting = handle.wait();
    child.stdin!.write("\n");
    const status = ending(await waiting);
    told.push({ end, status, seenByParent: Number((await line()).split(" ")[1]) });
    handle.close();
  }
  child.stdin!.end();
  await exit;
  return told;
}
