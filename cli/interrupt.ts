/** What Ctrl-C does to a command that has to leave things in order. */
import process from "node:process";
import { constants } from "node:os";

const NAMES = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** That the command was to end. */
export class Interrupted extends Error {
  /** As a shell has it: 128 and the signal's number. */
  readonly exitCode: number;

  constructor(name: NodeJS.Signals) {
    super(`interrupted by ${name}`);
    this.exitCode = 128 + constants.signals[name];
  }
}

/** Runs something that is given up, by an abort, when the command is to end. */
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
