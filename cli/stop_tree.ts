/**
 * `pidfd stop --tree`: ends processes with all of their descendants, and reports each end while it
 * waits for the next.
 */
import {
  killTree,
  type KillTreeOptions,
  type Pidfd,
  type TreeEnd,
  type TreeEscape,
  type TreeReport,
} from "../mod.ts";
import type { ProcessArgument } from "./arguments.ts";
import { EXIT_ERROR, EXIT_FORCED, EXIT_LEFT, EXIT_OK } from "./exit.ts";
import { forEachAtOnce } from "./for_each.ts";
import { Interrupted, interruptible } from "./interrupt.ts";
import { type Outcome, rounded } from "./outcome.ts";
import { printable } from "./output.ts";
import { describeEnd } from "./status.ts";

/** How the trees are to be ended. */
export interface StopTreeOptions {
  graceMs: number | undefined;
  killSignal: number;
  freeze: boolean;
}

type TreeOutcome = Omit<Outcome, "pid">;

/** Ends all of the trees at once, until a signal interrupts that; answers what became of each. */
export async function stopTrees(
  processes: ProcessArgument[],
  options: StopTreeOptions,
  show: (line: string) => void,
): Promise<Outcome[]> {
  const onEnd = (end: TreeEnd) => show(endLine(end));
  return await interruptible(async (signal) => {
    const stop = (root: Pidfd) => stopTree(root, { ...options, onEnd, signal });
    return await forEachAtOnce(processes, stop, () => {});
  });
}

async function stopTree(
  root: Pidfd,
  options: KillTreeOptions,
): Promise<TreeOutcome> {
  const killing = killTree(root, options);
  try {
    return outcomeOf(await killing);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    // What was stopped is resumed by now.
    const { line, record } = outcomeOf(killing.report());
    return {
      line: `${error.message}, ${line}`,
      record: { ...record, interrupted: error.signal },
      code: error.exitCode,
    };
  }
}

function endLine({ pid, depth, status, forced, afterMs }: TreeEnd): string {
  return `${"  ".repeat(Math.min(depth, 20))}${pid}: ${describeEnd(status, forced, afterMs)}`;
}

function outcomeOf(report: TreeReport): TreeOutcome {
  const { ended, escaped, durationMs } = report;
  return {
    line: describe(report),
    record: {
      ...report,
      ended: ended.map((end) => ({ ...end, afterMs: rounded(end.afterMs) })),
      escaped: escaped.map(({ error, ...rest }) => ({ ...rest, error: error?.message })),
      durationMs: rounded(durationMs),
    },
    code: codeOf(report),
  };
}

function describe({ ended, escaped, settled, orphans, hidden, durationMs }: TreeReport): string {
  const forced = ended.filter((end) => end.forced).length;
  const parts = [`${ended.length} ended in ${Math.round(durationMs)} ms`];
  if (forced > 0) parts.push(`${forced} forced`);
  parts.push(...escaped.map(describeEscape));
  for (const { pid, name } of orphans) parts.push(`${pid} (${printable(name)}) may be left`);
  if (!settled && orphans.length === 0) parts.push("others may be left");
  if (hidden > 0) parts.push(`/proc hides ${hidden} processes`);
  return parts.join(", ");
}

function describeEscape({ pid, reason }: TreeEscape): string {
  return `${pid} still runs${reason === "running" ? "" : ` (${reason})`}`;
}

function codeOf({ ended, escaped, settled }: TreeReport): number {
  if (escaped.some(({ reason }) => reason === "refused")) return EXIT_ERROR;
  if (escaped.length > 0 || !settled) return EXIT_LEFT;
  return ended.some(({ forced }) => forced) ? EXIT_FORCED : EXIT_OK;
}
