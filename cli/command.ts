/** What a command is, and what all of them share. */
import { type Pidfd, PidfdError } from "../mod.ts";
import { parseTarget, type Target } from "./target.ts";

/** Everything was as asked. */
export const EXIT_OK = 0;
/** The answer is no: a process has ended. */
export const EXIT_NO = 1;
/** The arguments make no sense. */
export const EXIT_USAGE = 2;
/** A system call failed. */
export const EXIT_ERROR = 3;
/** The time was up, as timeout(1) says it. */
export const EXIT_TIMEOUT = 124;

/** One command of `pidfd`. */
export interface Command {
  summary: string;
  usage: string;
  help: string;
  options: Record<string, { type: "string" | "boolean"; short?: string }>;
  /** The words that it takes, where there are only so many. */
  words?: readonly string[];
  run(
    args: string[],
    options: Record<string, string | boolean | undefined>,
  ): number | Promise<number>;
}

/** The user asked for something that makes no sense. */
export class UsageError extends Error {}

/** What became of one pid: its line, its record, and the exit code that it asks for. */
export interface Outcome {
  pid: number;
  line: string;
  record: Record<string, unknown>;
  code: number;
}

/** The processes that the arguments name, by pid or by identity; at least one. */
export function parsePids(args: string[]): Target[] {
  if (args.length === 0) throw new UsageError("no pid was given");
  return args.map(parseTarget);
}

/** A whole number of milliseconds. */
export function parseMilliseconds(option: string, value: string): number {
  if (/^\d{1,10}$/.test(value) && Number(value) < 2 ** 31) return Number(value);
  throw new UsageError(`--${option} takes milliseconds, 0 to 2147483647: ${JSON.stringify(value)}`);
}

/** Asks each process, by a handle that is closed afterwards; one that fails stops none of the others. */
export function forEach(
  targets: Target[],
  ask: (handle: Pidfd) => Omit<Outcome, "pid">,
): Outcome[] {
  return targets.map(({ pid, open }) => {
    try {
      const handle = open();
      try {
        return { pid, ...ask(handle) };
      } finally {
        handle.close();
      }
    } catch (error) {
      if (!(error instanceof PidfdError)) throw error;
      return failed(pid, error);
    }
  });
}

function failed(pid: number, error: PidfdError): Outcome {
  const { code, errno, syscall, message } = error;
  const isGone = code === "ESRCH";
  return {
    pid,
    line: isGone ? "no such process" : message,
    record: isGone ? { state: "gone" } : { error: { code, errno, syscall, message } },
    code: isGone ? EXIT_NO : EXIT_ERROR,
  };
}

/** Prints the outcomes for people or for programs; answers the exit code: the gravest of theirs. */
export function report(outcomes: Outcome[], asJson: boolean): number {
  if (asJson) {
    console.log(JSON.stringify(outcomes.map(({ pid, record }) => ({ pid, ...record })), null, 2));
  } else {
    for (const { pid, line } of outcomes) console.log(`${pid}: ${line}`);
  }
  const codes = outcomes.map(({ code }) => code);
  const order = [EXIT_ERROR, EXIT_TIMEOUT, EXIT_NO];
  return order.find((code) => codes.includes(code)) ?? EXIT_OK;
}
