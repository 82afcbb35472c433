/** `pidfd check`: whether processes are running. */
import { parseProcesses } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT_NO, EXIT_OK } from "../exit.ts";
import { forEach } from "../for_each.ts";
import { report } from "../outcome.ts";

const STATES = {
  running: "running",
  exited: "exited, not reaped by its parent yet (zombie)",
  reaped: "exited",
};

/** The command. */
export const check: Command = {
  summary: "report whether each process is running",
  usage: "PID…",
  help: `Exit code: 0 if every process is running, 1 if one exited or there is no such
process, 3 if a call failed.`,
  choices: "processes",
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
