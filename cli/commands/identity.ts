/** `pidfd identity`: a name of a process that survives pid reuse. */
import { parseProcesses } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT_OK } from "../exit.ts";
import { forEach } from "../for_each.ts";
import { type Outcome, report, reportLack } from "../outcome.ts";
import { print } from "../output.ts";

/** Nothing but the identity, so that what is printed can be passed on as it is. */
function showIdentity(outcome: Outcome): void {
  if (outcome.lack) reportLack(outcome);
  else print(outcome.line);
}

/** The command. */
export const identity: Command = {
  summary: "print an identity that survives pid reuse",
  usage: "PID…",
  help: `Every command takes an identity where it takes a PID, and then finds that very
process or none. It prints one a line.

Exit code: 0 if it printed all, 1 if there is no such process, 3 if a call
failed.`,
  choices: "processes",
  options: {},
  run(args, { json }) {
    const outcomes = forEach(parseProcesses(args), (handle) => {
      const identity = handle.identity();
      const record = { ...identity, identity: String(identity) };
      return { line: String(identity), record, code: EXIT_OK };
    });
    return report(outcomes, json === true, showIdentity);
  },
};
