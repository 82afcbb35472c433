/** `pidfd stop --tree`: ends processes with all of their descendants, and tells of each end while it waits for the next. */
import { killTree, Pidfd, PidfdError, type TreeEnd, type TreeReport } from "../mod.ts";
import { EXIT_ERROR, EXIT_NO, EXIT_OK, failed, type Outcome, words } from "./command.ts";

/** How the trees are to be ended. */
export interface StopTreeOptions {
  graceMs: number;
  killSignal: number;
  freeze: boolean;
}

/** Asks all of the trees at once; answers what became of each. */
export async function stopTrees(
  pids: number[],
  options: StopTreeOptions,
  tell: (line: string) => void,
): Promise<Outcome[]> {
  const onEnd = (end: TreeEnd) => tell(endLine(end));
  return await Promise.all(pids.map(async (pid): Promise<Outcome> => {
    let root: Pidfd | undefined;
    try {
      root = Pidfd.open(pid);
      return { pid, ...outcomeOf(await killTree(root, { ...options, onEnd })) };
    } catch (error) {
      if (!(error instanceof PidfdError)) throw error;
      return failed(pid, error);
    } finally {
      root?.close();
    }
  }));
}

function endLine({ pid, depth, status, forced, afterMs }: TreeEnd): string {
  const how = status.known ? words(status) : "has ended";
  const force = forced ? ", it had to be forced" : "";
  return `${"  ".repeat(Math.min(depth, 20))}${pid}: ${how} after ${
    Math.round(afterMs)
  } ms${force}`;
}

function outcomeOf({ ended, escaped, hidden, durationMs }: TreeReport): Omit<Outcome, "pid"> {
  const forced = ended.filter((end) => end.forced).length;
  const parts = [`${ended.length} ended in ${Math.round(durationMs)} ms`];
  if (forced > 0) parts.push(`${forced} had to be forced`);
  for (const { pid, reason } of escaped) parts.push(`${pid} still runs (${reason})`);
  if (hidden > 0) parts.push(`/proc hides ${hidden} processes`);
  const errors = escaped.map(({ error, ...rest }) => ({ ...rest, error: error?.message }));
  return {
    line: parts.join(", "),
    record: { ended, escaped: errors, hidden, durationMs },
    code: escaped.some(({ reason }) => reason === "refused")
      ? EXIT_ERROR
      : escaped.length > 0 || forced > 0
      ? EXIT_NO
      : EXIT_OK,
  };
}
