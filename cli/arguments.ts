/** What the arguments of a command can be: processes, by pid or by identity, times and signals. */
import { parseIdentity, Pidfd, PidfdError } from "../mod.ts";
import { signalNumber } from "../src/kernel/signals.ts";
import { UsageError } from "./exit.ts";

/** One process as it was named. */
export interface ProcessArgument {
  /** For showing where there is no process. */
  readonly pid: number;
  /** As it was typed, for showing the same. */
  readonly text: string;
  /** The process that has the pid now, or the very process of the identity; ESRCH where there is none. */
  open(): Pidfd;
}

/** The processes that the arguments name, by pid or by identity; at least one. */
export function parseProcesses(args: string[]): ProcessArgument[] {
  if (args.length === 0) throw new UsageError("no pid was given");
  return args.map(parseProcess);
}

/** A process from `PID`, `PID:INODE`, or the text of an identity. */
function parseProcess(arg: string): ProcessArgument {
  if (/^[1-9]\d{0,9}$/.test(arg) && Number(arg) < 2 ** 31) {
    const pid = Number(arg);
    return { pid, text: arg, open: () => Pidfd.open(pid) };
  }
  try {
    const { pid } = parseIdentity(arg);
    return { pid, text: arg, open: () => Pidfd.reopen(arg) ?? gone(pid) };
  } catch {
    throw new UsageError(`this is neither a pid nor an identity: ${JSON.stringify(arg)}`);
  }
}

function gone(pid: number): never {
  throw new PidfdError({ errno: -3, syscall: "pidfd_open", pid });
}

/** A whole number of milliseconds. */
export function parseMilliseconds(option: string, value: string): number {
  if (/^\d{1,10}$/.test(value) && Number(value) < 2 ** 31) return Number(value);
  throw new UsageError(`--${option} takes milliseconds, 0 to 2147483647: ${JSON.stringify(value)}`);
}

/** A signal's number, from a name or a number as kill(1) takes it. */
export function parseSignal(text: string): number {
  try {
    return signalNumber(/^\d{1,2}$/.test(text) ? Number(text) : text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
