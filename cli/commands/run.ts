/** `pidfd run`: runs a command of which nothing is left when it has ended, or this program. */
import type { ContainmentKind } from "../../mod.ts";
import { parseSignal, parseTime } from "../arguments.ts";
import type { Command, Options } from "../command.ts";
import { EXIT_NOT_RUN, UsageError } from "../exit.ts";
import { complain } from "../output.ts";
import { type Plan, runPlan } from "../runner.ts";

const HELP = `  --timeout TIME        end the command after so long; 0: never
  --grace TIME          how long what is ended has before SIGKILL; 5s if left
                        out
  -s, --signal SIGNAL   the polite signal, SIGTERM if left out
  --pidfile PATH        write a pid file of the command, and remove it at the
                        end; if PATH names a process that runs, start nothing
  --contain HOW         what ends everything, or nothing is started: guard, a
                        process that holds this one, and takes the orphans of
                        the command; cgroup, also a cgroup of its own; pidns,
                        also a pid namespace of its own; auto, if left out, is
                        guard
  --mark KEY=VALUE      set this variable for the command, by which
                        pidfd orphans finds what it has started
  --verbose             say on stderr what is done
  --json                at the end, one line of JSON on stderr

The command has this program's terminal, streams and process group. What this
program is sent is sent on to it, by its handle. When it ends, what it has
started and left is ended too: the signal, the grace, SIGKILL. The same happens
if this program is killed by SIGKILL.

Exit code: the command's own; 124 if the time was up, 125 if this program
failed, 126 if the command can't be executed, 127 if there is none, 128 + N if
signal N ended it: 137 also if it had to be killed after the time was up.`;

/** Checked before anything is started. */
function planOf(command: string[], options: Options): Plan {
  if (command.length === 0) throw new UsageError("a command is missing: pidfd run -- COMMAND");
  if (command[0] === "") throw new UsageError("the command is empty");
  const changed = command.find((word) => word.includes("\ufffd"));
  if (changed !== undefined) {
    throw new UsageError(
      `runtimes do not keep bytes that are no UTF-8: ${JSON.stringify(changed)}`,
    );
  }
  const { timeout = "0", grace = "5s", signal = "TERM", pidfile, contain = "auto" } = options;
  const killSignal = parseSignal(signal as string);
  if (killSignal === 0) throw new UsageError("--signal takes a signal to send: 0 is none");
  return {
    command,
    containment: containmentOf(contain as string),
    timeoutMs: parseTime("timeout", timeout as string),
    graceMs: parseTime("grace", grace as string),
    killSignal,
    pidfile: pidfile as string | undefined,
    env: Object.fromEntries(((options.mark ?? []) as string[]).map(parseMark)),
    isVerbose: options.verbose === true,
    isReported: options.json === true,
  };
}

function containmentOf(how: string): ContainmentKind {
  if (how === "auto") return "guard";
  if (how === "guard" || how === "cgroup" || how === "pidns") return how;
  throw new UsageError(`--contain takes auto, guard, cgroup or pidns: ${JSON.stringify(how)}`);
}

function parseMark(mark: string): [key: string, value: string] {
  const at = mark.indexOf("=");
  if (at < 1) throw new UsageError(`--mark takes KEY=VALUE: ${JSON.stringify(mark)}`);
  return [mark.slice(0, at), mark.slice(at + 1)];
}

/** The command. */
export const run: Command = {
  summary: "run a command, and end all that it leaves behind",
  usage: "[OPTION…] -- COMMAND [ARGUMENT…]",
  help: HELP,
  takesCommand: true,
  failureCode: EXIT_NOT_RUN,
  options: {
    timeout: { type: "string" },
    grace: { type: "string" },
    signal: { type: "string", short: "s" },
    pidfile: { type: "string" },
    contain: { type: "string" },
    mark: { type: "string", multiple: true },
    verbose: { type: "boolean" },
  },
  async run(args, options) {
    const report = await runPlan(planOf(args, options));
    const { code, error, status, timedOut } = report;
    if (options.json) complain(JSON.stringify(report));
    else if (error) complain(`pidfd: ${error.message}`);
    // A shell whose command ends by Ctrl-C ends its script or loop too, but only if it sees that.
    if (status?.signal === "SIGINT" && !timedOut) process.kill(process.pid, "SIGINT");
    return code;
  },
};
