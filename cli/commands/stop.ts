/** `pidfd stop`: asks processes to end, and kills those that don't. */
import type { Termination } from "../../mod.ts";
import { parseProcesses, parseSignal, parseTime } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT_FORCED, EXIT_OK, UsageError } from "../exit.ts";
import { forEachAtOnce } from "../for_each.ts";
import { gravestOf, type Outcome, report, reportJson, reportLine, rounded } from "../outcome.ts";
import { print } from "../output.ts";
import { describeEnd } from "../status.ts";
import { stopTrees } from "../stop_tree.ts";

function outcomeOf({ status, forced, durationMs }: Termination): Omit<Outcome, "pid"> {
  return {
    line: describeEnd(status, forced, durationMs),
    record: { ended: true, forced, durationMs: rounded(durationMs), status },
    code: forced ? EXIT_FORCED : EXIT_OK,
  };
}

/** The command. */
export const stop: Command = {
  summary: "end each process; kill it if it ignores the signal",
  usage: "[--tree] [--grace TIME] [-s SIGNAL] PID…",
  help: `  --grace TIME          wait so long before SIGKILL: 500ms, 5s, 2m; without
                        a unit: ms; 5s if left out
  -s, --signal SIGNAL   the polite signal, SIGTERM if left out
  --tree                end all of its descendants too
  --no-freeze           with --tree: do not stop the tree first; a process that
                        is forked meanwhile may be missed

All of the processes are signalled at once, each by its own handle: a process
that reuses a pid meanwhile gets no signal.

Exit code: 0 if every process ended after the polite signal, 1 if there was no
such process, 3 if a call failed: one may not be signalled; 4 if one was killed,
5 if processes of a tree may be left. With --tree 128 + N if signal N
interrupted it: what was stopped is resumed, and the report is printed.`,
  choices: "processes",
  options: {
    grace: { type: "string" },
    signal: { type: "string", short: "s" },
    tree: { type: "boolean" },
    "no-freeze": { type: "boolean" },
  },
  async run(args, { grace, signal, tree, "no-freeze": isLeftRunning, json }) {
    const graceMs = typeof grace === "string" ? parseTime("grace", grace) : undefined;
    const killSignal = parseSignal(typeof signal === "string" ? signal : "SIGTERM");
    if (killSignal === 0) throw new UsageError("--signal takes a signal to send: 0 is none");
    if (isLeftRunning && !tree) throw new UsageError("--no-freeze needs --tree");
    if (tree) {
      const options = { graceMs, killSignal, freeze: isLeftRunning !== true };
      const trees = await stopTrees(parseProcesses(args), options, (line) => {
        if (!json) print(line);
      });
      return report(trees, json === true);
    }
    const outcomes = await forEachAtOnce(
      parseProcesses(args),
      async (handle) => outcomeOf(await handle.terminate({ killSignal, graceMs })),
      (outcome) => {
        if (!json) reportLine(outcome);
      },
    );
    if (json) reportJson(outcomes);
    return gravestOf(outcomes);
  },
};
