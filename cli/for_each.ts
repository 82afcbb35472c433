/** Asks each of the processes that a command was given, by a handle. */
import { type Pidfd, PidfdError } from "../mod.ts";
import type { ProcessArgument } from "./arguments.ts";
import { failed, type Outcome } from "./outcome.ts";

/** What a process answered. */
type Asked = Omit<Outcome, "pid">;

/**
 * Asks one process after the other, by a handle that is closed afterwards, so that any number of them can be asked; for
 * questions that change nothing. One that fails stops none of the others.
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
 * Opens all of the processes, and only then asks the first of them: so none can end, and its pid be given away, because or
 * while another one is asked. Each outcome is shown as soon as there is one; answered are all of them, in the order in which
 * they were named.
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
