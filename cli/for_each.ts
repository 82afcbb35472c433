/** Asks each of the processes that a command was given, by a handle. */
import { type Pidfd, PidfdError } from "../mod.ts";
import type { ProcessArgument } from "./arguments.ts";
import { failed, type Outcome } from "./outcome.ts";

/** What a process answered. */
type Asked = Omit<Outcome, "pid">;

/**
 * Asks one process after the other, for questions that change nothing. Each handle is closed before the next one is opened,
 * so that there can be any number of processes. A failure stops none of the others.
 */
export function forEach(
  processes: ProcessArgument[],
  ask: (handle: Pidfd) => Asked,
): Outcome[] {
  return processes.map((process) => {
    try {
      const handle = process.open();
      try {
        return { pid: handle.pid, ...ask(handle) };
      } finally {
        handle.close();
      }
    } catch (error) {
      if (!(error instanceof PidfdError)) throw error;
      return failed(process, error);
    }
  });
}

/**
 * Opens all of the processes before it asks the first one: so none can exit, and its pid be reused, because another one was
 * asked, or meanwhile. Each outcome is shown as soon as there is one.
 *
 * @returns All outcomes, in the order of the arguments.
 */
export async function forEachAtOnce(
  processes: ProcessArgument[],
  ask: (handle: Pidfd) => Asked | Promise<Asked>,
  show: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const opened = processes.map((process) => ({ process, handle: openOrFail(process) }));
  return await Promise.all(opened.map(async ({ process, handle }) => {
    const outcome = await askOne(process, handle, ask);
    show(outcome);
    return outcome;
  }));
}

function openOrFail(process: ProcessArgument): Pidfd | PidfdError {
  try {
    return process.open();
  } catch (error) {
    if (!(error instanceof PidfdError)) throw error;
    return error;
  }
}

async function askOne(
  process: ProcessArgument,
  handle: Pidfd | PidfdError,
  ask: (handle: Pidfd) => Asked | Promise<Asked>,
): Promise<Outcome> {
  if (handle instanceof PidfdError) return failed(process, handle);
  try {
    // An identity may have been made in another pid namespace, where the number was another.
    return { pid: handle.pid, ...await ask(handle) };
  } catch (error) {
    if (!(error instanceof PidfdError)) throw error;
    return failed(process, error);
  } finally {
    handle.close();
  }
}
