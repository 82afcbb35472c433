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
  /**
   * The process that has the pid now, or the very process of the identity; ESRCH where there is
   * none.
   */
  open(): Pidfd;
}

/** The processes that the arguments name, by pid or by identity; at least one. */
export function parseProcesses(args: string[]): ProcessArgument[] {
  if (args.length === 0) throw new UsageError("a PID is missing");
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
    throw new UsageError(`${JSON.stringify(arg)} is neither a pid nor an identity`);
  }
}

function gone(pid: number): never {
  throw new PidfdError({ errno: -3, syscall: "pidfd_open", pid });
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Milliseconds from a time such as 500ms, 5s, 1.5m or 2h; a number without a unit is milliseconds.
 */
export function parseTime(option: string, value: string): number {
  const [, whole, decimal, unit = "ms"] = /^(?:(\d+)(?:ms)?|(\d+(?:\.\d+)?)([smh]))$/.exec(value) ??
    [];
  const ms = Math.round(Number(whole ?? decimal) * UNITS[unit as keyof typeof UNITS]);
  // A value that is no time is NaN by now.
  if (ms <= LONGEST_MS) return ms;
  const wanted = "takes a time such as 500ms, 5s or 2m (without a unit: ms)";
  throw new UsageError(
    `--${option} ${wanted}, at most ${LONGEST_MS} ms: ${JSON.stringify(value)}`,
  );
}

/** A signal's number, from a name or a number as kill(1) takes it. */
export function parseSignal(text: string): number {
  try {
    return signalNumber(/^\d{1,2}$/.test(text) ? Number(text) : text.toUpperCase());
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
