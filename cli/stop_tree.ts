/** `pidfd stop --tree`: ends processes with all of their descendants, and tells of each end while it waits for the next. */
import { killTree, type Pidfd, type TreeEnd, type TreeReport } from "../mod.ts";
import type { ProcessArgument } from "./arguments.ts";
import { EXIT_ERROR, EXIT_NO, EXIT_OK } from "./exit.ts";
import { forEachAtOnce } from "./for_each.ts";
import { interruptible } from "./interrupt.ts";
import { type Outcome, rounded } from "./outcome.ts";
import { describeEnd } from "./status.ts";

/** How the trees are to be ended. */
export interface StopTreeOptions {
  graceMs: number;
  killSignal: number;
  freeze: boolean;
}

/** Asks all of the trees at once; answers what became of each. */
export async function stopTrees(
  processes: ProcessArgument[],
  options: StopTreeOptions,
  tell: (line: string) => void,
): Promise<Outcome[]> {
  const onEnd = (end: TreeEnd) => tell(endLine(end));
  // Given up at once, a tree would stay stopped that is stopped while it is ended.
  return await interruptible(async (signal) => {
    const all = { ...options, onEnd, signal };
    return await forEachAtOnce(
      processes,
      async (root: Pidfd) => outcomeOf(await killTree(root, all)),
      () => {},
    );
  });
}

function endLine({ pid, depth, status, forced, afterMs }: TreeEnd): string {
  return `${"  ".repeat(Math.min(depth, 20))}${pid}: ${describeEnd(status, forced, afterMs)}`;
}

function outcomeOf(report: TreeReport): Omit<Outcome, "pid"> {
  const { ended, escaped, settled, orphans, hidden, durationMs } = report;
  const forced = ended.filter((end) => end.forced).length;
  const parts = [`${ended.length} ended in ${Math.round(durationMs)} ms`];
  if (forced > 0) parts.push(`${forced} had to be forced`);
  for (const { pid, reason } of escaped) parts.push(`${pid} still runs (${reason})`);
  for (const { pid, name } of orphans) parts.push(`${pid} (${name}) may be left`);
  if (!settled && orphans.length === 0) parts.push("others may be left");
  if (hidden > 0) parts.push(`/proc hides ${hidden} processes`);
  const ends = ended.map((end) => ({ ...end, afterMs: rounded(end.afterMs) }));
  const errors = escaped.map(({ error, ...rest }) => ({ ...rest, error: error?.message }));
  return {
    line: parts.join(", "),
    record: {
      ended: ends,
      escaped: errors,
      settled,
      orphans,
      hidden,
      durationMs: rounded(durationMs),
    },
    code: escaped.some(({ reason }) => reason === "refused")
      ? EXIT_ERROR
      : escaped.length > 0 || forced > 0 || !settled
      ? EXIT_NO
      : EXIT_OK,
  };
}
