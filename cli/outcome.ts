/** What became of each process that a command was given, for people and for programs. */
import type { PidfdError } from "../mod.ts";
import { isNobodys } from "../src/kernel/nobody.ts";
import type { ProcessArgument } from "./arguments.ts";
import { EXIT_ERROR, EXIT_NO, EXIT_OK, EXIT_TIMEOUT } from "./exit.ts";
import { complain, print } from "./output.ts";

/** What became of one pid: its line, its record, and the exit code that it asks for. */
export interface Outcome {
  pid: number;
  line: string;
  record: Record<string, unknown>;
  code: number;
  /** Why there is no answer: there is no such process, or a call failed. */
  lack?: "gone" | "error";
  /** The process as it was named, where that is not its pid. */
  text?: string;
}

/** The outcome of a failed call. */
export function failed({ pid, text }: ProcessArgument, error: PidfdError): Outcome {
  const { code, errno, syscall, message } = error;
  const isGone = isNobodys(error);
  return {
    pid,
    text,
    lack: isGone ? "gone" : "error",
    line: isGone ? describeGone(pid, text) : message,
    record: isGone ? { state: "gone" } : { error: { code, errno, syscall, message } },
    code: isGone ? EXIT_NO : EXIT_ERROR,
  };
}

/** Of an identity, whose pid may have been given to somebody else, only that very process is gone. */
function describeGone(pid: number, text: string): string {
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
