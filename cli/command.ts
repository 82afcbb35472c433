/** What a command is, and what all of them share. */
import { type ExitStatus, type Pidfd, PidfdError } from "../mod.ts";
import { isNoSuchProcess } from "../src/kernel/errors.ts";
import { signalNumber } from "../src/kernel/signals.ts";
import { complain, print } from "./output.ts";
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

/** Every command, by its name. */
export type Table = Readonly<Record<string, Command>>;

/** The user asked for something that makes no sense. */
export class UsageError extends Error {}

/** What became of one pid: its line, its record, and the exit code that it asks for. */
export interface Outcome {
  pid: number;
  line: string;
  record: Record<string, unknown>;
  code: number;
  /** Why there is no answer: nobody is there, which may be one, or a call failed. */
  lack?: "gone" | "error";
  /** The process as it was named, where that is not its pid. */
  text?: string;
}

/** What a process answered. */
type Asked = Omit<Outcome, "pid">;

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

/** A signal's number, from a name or a number as kill(1) takes it. */
export function parseSignal(text: string): number {
  try {
    return signalNumber(/^\d{1,2}$/.test(text) ? Number(text) : text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/**
 * Asks one process after the other, by a handle that is closed afterwards, so that any number of them can be asked; for
 * questions that change nothing. One that fails stops none of the others.
 */
export function forEach(
  targets: Target[],
  ask: (handle: Pidfd) => Asked,
): Outcome[] {
  return targets.map((target) => {
    try {
      const handle = target.open();
      try {
        return { pid: handle.pid, ...ask(handle) };
      } finally {
        handle.close();
      }
    } catch (error) {
      if (!(error instanceof PidfdError)) throw error;
      return failed(target, error);
    }
  });
}

/**
 * Opens all of the processes, and only then asks the first of them: so none can end, and its pid be given away, because or
 * while another one is asked. Each outcome is shown as soon as there is one; answered are all of them, in the order in which
 * they were named.
 */
export async function forEachAtOnce(
  targets: Target[],
  ask: (handle: Pidfd) => Asked | Promise<Asked>,
  show: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const opened = targets.map((target) => ({ target, handle: openOrFail(target) }));
  return await Promise.all(opened.map(async ({ target, handle }) => {
    const outcome = await askOne(target, handle, ask);
    show(outcome);
    return outcome;
  }));
}

function openOrFail(target: Target): Pidfd | PidfdError {
  try {
    return target.open();
  } catch (error) {
    if (!(error instanceof PidfdError)) throw error;
    return error;
  }
}

async function askOne(
  target: Target,
  handle: Pidfd | PidfdError,
  ask: (handle: Pidfd) => Asked | Promise<Asked>,
): Promise<Outcome> {
  if (handle instanceof PidfdError) return failed(target, handle);
  try {
    // An identity may have been made in another pid namespace, where the number was another.
    return { pid: handle.pid, ...await ask(handle) };
  } catch (error) {
    if (!(error instanceof PidfdError)) throw error;
    return failed(target, error);
  } finally {
    handle.close();
  }
}

/** How a process ended, in words. */
export function words(status: ExitStatus): string {
  if (!status.known) return "has ended, nobody tells how";
  if (status.signal === null) return `has ended with code ${status.code}`;
  return `was ended by ${status.signal}${status.coreDumped ? ", and dumped its core" : ""}`;
}

/** How a process ended that was asked or forced to, in words. */
export function endWords(status: ExitStatus, forced: boolean, durationMs: number): string {
  const how = status.known ? words(status) : "has ended";
  return `${how} after ${Math.round(durationMs)} ms${forced ? ", it had to be forced" : ""}`;
}

/** The outcome of a failed call. */
export function failed({ pid, text }: Target, error: PidfdError): Outcome {
  const { code, errno, syscall, message } = error;
  const isGone = isNoSuchProcess(error);
  return {
    pid,
    text,
    lack: isGone ? "gone" : "error",
    line: isGone ? goneWords(pid, text) : message,
    record: isGone ? { state: "gone" } : { error: { code, errno, syscall, message } },
    code: isGone ? EXIT_NO : EXIT_ERROR,
  };
}

/** Of an identity, whose pid may have been given to somebody else, only that very process is gone. */
function goneWords(pid: number, text: string): string {
  return text === String(pid) ? "no such process" : "that process is gone";
}

/** Prints the outcomes for people or for programs; answers the exit code: the gravest of theirs. */
export function report(outcomes: Outcome[], asJson: boolean, show = reportLine): number {
  if (asJson) reportJson(outcomes);
  else outcomes.forEach(show);
  return gravest(outcomes);
}

/** One outcome for people. That nobody is there is an answer; an error is none. */
export function reportLine(outcome: Outcome): void {
  if (outcome.lack === "error") reportLack(outcome);
  else print(lineOf(outcome));
}

/** What is in the way of an answer, apart from the answers. */
export function reportLack(outcome: Outcome): void {
  complain(lineOf(outcome));
}

function lineOf({ pid, text, line }: Outcome): string {
  return `${text ?? pid}: ${line}`;
}

/** All outcomes for programs. */
export function reportJson(outcomes: Outcome[]): void {
  print(JSON.stringify(outcomes.map(({ pid, record }) => ({ pid, ...record })), null, 2));
}

/** Milliseconds as JSON shows them: to a microsecond, since a clock that is no finer makes the rest. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** The exit code that says the most about all of them. */
export function gravest(outcomes: Outcome[]): number {
  const codes = outcomes.map(({ code }) => code);
  const order = [EXIT_ERROR, EXIT_TIMEOUT, EXIT_NO];
  return order.find((code) => codes.includes(code)) ?? EXIT_OK;
}
