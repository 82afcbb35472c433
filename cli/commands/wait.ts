/** `pidfd wait`: until processes have exited, children or not. */
import { exitCodeOf, type ExitStatus, type Pidfd, PidfdError } from "../../mod.ts";
import { parseProcesses, parseTime } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT_ERROR, EXIT_OK, EXIT_TIMEOUT, UsageError } from "../exit.ts";
import { forEachAtOnce } from "../for_each.ts";
import { gravestOf, type Outcome, reportJson, reportLine } from "../outcome.ts";
import { describeStatus } from "../status.ts";

const HELP = `  --any            wait until the first of them has exited, or does not exist
  --pass           for one PID: exit with its exit code, or with 128 + N if
                   signal N killed it, as a shell does
  --timeout TIME   give up after so long: 500ms, 5s, 2m; without a unit: ms

Each process is reported when it has exited. The exit status of a process that
is not your child is known from Linux 6.15 on, once its parent has reaped it;
until then an exited process is waited for, unless the time is up.

Exit code: 0 if every process has exited (with --any: one), 1 if there was no
such process, 3 if a call failed, 124 if the time was up. With --pass also the
process's own; 3 if its exit status is unknown.`;

/** Null if it is still running at the abort; a zombie has exited. */
async function waitFor(handle: Pidfd, abort: AbortSignal): Promise<ExitStatus | null> {
  try {
    return await handle.wait({ signal: abort });
  } catch (error) {
    if (!abort.aborted || error instanceof PidfdError) throw error;
    return handle.status();
  }
}

/** As a shell has it. */
function passedCode(status: ExitStatus): number {
  return exitCodeOf(status) ?? EXIT_ERROR;
}

function outcomeOf(status: ExitStatus | null, passes: boolean): Omit<Outcome, "pid"> {
  if (status === null) {
    return { line: "still running, timed out", record: { ended: false }, code: EXIT_TIMEOUT };
  }
  const code = passes ? passedCode(status) : EXIT_OK;
  return { line: describeStatus(status), record: { ended: true, status }, code };
}

/** The command. */
export const wait: Command = {
  summary: "wait until each process has exited",
  usage: "[--any | --pass] [--timeout TIME] PID…",
  help: HELP,
  choices: "processes",
  options: { any: { type: "boolean" }, pass: { type: "boolean" }, timeout: { type: "string" } },
  async run(args, { any, pass, timeout, json }) {
    const processes = parseProcesses(args);
    if (pass && (any || processes.length > 1)) throw new UsageError("--pass is for one pid");
    const limit = typeof timeout === "string" ? parseTime("timeout", timeout) : undefined;
    const enough = new AbortController();
    const timer = limit === undefined ? undefined : setTimeout(() => enough.abort(), limit);
    let isAnswered = false;
    const isShown = ({ code }: Outcome) => !isAnswered || code !== EXIT_TIMEOUT;
    const all = await forEachAtOnce(
      processes,
      async (handle) => outcomeOf(await waitFor(handle, enough.signal), pass === true),
      (outcome) => {
        if (any && outcome.record.ended !== false) {
          isAnswered = true;
          enough.abort();
        }
        if (!json && isShown(outcome)) reportLine(outcome);
      },
    );
    clearTimeout(timer);
    const shown = all.filter(isShown);
    if (json) reportJson(shown);
    return pass ? shown[0].code : gravestOf(shown);
  },
};
