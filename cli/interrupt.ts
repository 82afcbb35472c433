/** What Ctrl-C does to a command that has to leave things in order. */
import { constants } from "node:os";
import { EXIT_SIGNAL } from "./exit.ts";

const NAMES = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The command was told to end. */
export class Interrupted extends Error {
  readonly signal: NodeJS.Signals;
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
    this.exitCode = EXIT_SIGNAL + constants.signals[signal];
  }
}

/** Runs something that is aborted, with an `Interrupted`, when the command is told to end. */
export async function interruptible<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (name: NodeJS.Signals) => controller.abort(new Interrupted(name));
  for (const name of NAMES) process.on(name, abort);
  try {
    return await action(controller.signal);
  } finally {
    for (const name of NAMES) process.off(name, abort);
  }
}
