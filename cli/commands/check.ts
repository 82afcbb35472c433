/** `pidfd check`: does it run? */
import { parseProcesses } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT_NO, EXIT_OK } from "../exit.ts";
import { forEach } from "../for_each.ts";
import { report } from "../outcome.ts";

const STATES = {
  running: "running",
  exited: "has ended, its parent has not reaped it (zombie)",
  reaped: "has ended",
};

/** The command. */
export const check: Command = {
  summary: "does each process run?",
  usage: "PID…",
  help:
    "Exit code: 0 if every process runs, 1 if one has ended or is not there, 3 if one can't be asked.",
  options: {},
  run(args, { json }) {
    const outcomes = forEach(parseProcesses(args), (handle) => {
      const state = handle.state();
      const code = state === "running" ? EXIT_OK : EXIT_NO;
      return { line: STATES[state], record: { state }, code };
    });
    return report(outcomes, json === true);
  },
};
