/** `pidfd identity`: a name for a process that nobody else gets. */
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
  summary: "a name for each process that no other gets",
  usage: "PID…",
  help:
    `Every command takes such a name where it takes a PID, and then finds that very process or nobody.
One is printed a line, and on stderr who has none.

Exit code: 0 if every process is there, 1 if one is not there, 3 if one can't be asked.`,
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
