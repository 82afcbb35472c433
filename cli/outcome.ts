/** What became of each process that a command was given, for people and for programs. */
import type { PidfdError } from "../mod.ts";
import { isNoSuchProcess } from "../src/kernel/errors.ts";
import type { ProcessArgument } from "./arguments.ts";
import { EXIT_ERROR, EXIT_NO, gravest } from "./exit.ts";
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
  const isGone = isNoSuchProcess(error);
  return {
    pid,
    text,
    lack: isGone ? "gone" : "error",
    line: isGone ? describeGone(pid, text) : message,
    record: isGone ? { state: "gone" } : { error: { code, errno, syscall, message } },
    code: isGone ? EXIT_NO : EXIT_ERROR,
  };
}

/** The pid of an identity may have been reused: only the process of the identity is gone. */
function describeGone(pid: number, text: string): string {
  return text === String(pid) ? "no such process" : "that process is gone";
}

/** Prints the outcomes for people or for programs; answers the exit code: the gravest of theirs. */
export function report(outcomes: Outcome[], asJson: boolean, show = reportLine): number {
  if (asJson) reportJson(outcomes);
  else outcomes.forEach(show);
  return gravestOf(outcomes);
}

/** One outcome for people. That there is no such process is an answer; an error is none. */
export function reportLine(outcome: Outcome): void {
  if (outcome.lack === "error") reportLack(outcome);
  else print(lineOf(outcome));
}

/** Why there is no answer, on stderr. */
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
export function gravestOf(outcomes: Outcome[]): number {
  return gravest(outcomes.map(({ code }) => code));
}
