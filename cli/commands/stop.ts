/** `pidfd stop`: asks processes to end, and forces those that don't. */
import type { Termination } from "../../mod.ts";
import { parseMilliseconds, parseProcesses, parseSignal } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT_NO, EXIT_OK, UsageError } from "../exit.ts";
import { forEachAtOnce } from "../for_each.ts";
import { gravest, type Outcome, report, reportJson, reportLine, rounded } from "../outcome.ts";
import { print } from "../output.ts";
import { describeEnd } from "../status.ts";
import { stopTrees } from "../stop_tree.ts";

function outcomeOf({ status, forced, durationMs }: Termination): Omit<Outcome, "pid"> {
  return {
    line: describeEnd(status, forced, durationMs),
    record: { ended: true, forced, durationMs: rounded(durationMs), status },
    code: forced ? EXIT_NO : EXIT_OK,
  };
}

/** The command. */
export const stop: Command = {
  summary: "end each process, by force when it does not listen",
  usage: "[--tree] [--grace MS] [-s SIGNAL] PID…",
  help:
    `  --grace MS            wait so many milliseconds before SIGKILL, 0 to 2147483647; default 5000
  -s, --signal SIGNAL   the polite signal: a name or a number from 0 to 64; default SIGTERM
  --tree                end all of its descendants too
  --no-freeze           with --tree: stop nobody first; a process that is forked meanwhile may be
                        missed

All of the processes are asked at once. Each is ended by its own handle: whoever gets its pid meanwhile is not hit.
Exit code: 0 if every process ended when it was asked, 1 if one had to be forced or was not there,
or if somebody of a tree may be left, 3 if one may not be signalled; 128 + N if signal N
interrupted it, with --tree: what was stopped is resumed then.`,
  options: {
    grace: { type: "string" },
    signal: { type: "string", short: "s" },
    tree: { type: "boolean" },
    "no-freeze": { type: "boolean" },
  },
  async run(args, { grace, signal, tree, "no-freeze": isLeftRunning, json }) {
    const graceMs = typeof grace === "string" ? parseMilliseconds("grace", grace) : 5000;
    const killSignal = parseSignal(typeof signal === "string" ? signal : "SIGTERM");
    if (isLeftRunning && !tree) throw new UsageError("--no-freeze goes with --tree");
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
    return gravest(outcomes);
  },
};
