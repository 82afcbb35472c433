/** `pidfd check`: does it run? */
import { type Command, EXIT_NO, EXIT_OK, forEach, parsePids, report } from "./command.ts";

const WORDS = {
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
    const outcomes = forEach(parsePids(args), (handle) => {
      const state = handle.state();
      const code = state === "running" ? EXIT_OK : EXIT_NO;
      return { line: WORDS[state], record: { state }, code };
    });
    return report(outcomes, json === true);
  },
};
