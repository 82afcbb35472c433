/** `pidfd wait`: until processes have ended, children or not. */
import { type ExitStatus, type Pidfd, PidfdError } from "../../mod.ts";
import { signalNumber } from "../../src/kernel/signals.ts";
import { parseMilliseconds, parseProcesses } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT_ERROR, EXIT_OK, EXIT_TIMEOUT, UsageError } from "../exit.ts";
import { forEachAtOnce } from "../for_each.ts";
import { gravest, type Outcome, reportJson, reportLine } from "../outcome.ts";
import { describeStatus } from "../status.ts";

const HELP = `  --any          only until one of them has ended, or is not there
  --pass         for one pid: end with its exit code, or with 128 + N if signal N ended it, as a shell does
  --timeout MS   give up after so many milliseconds in all, 0 to 2147483647

Each process is shown when it has ended. How it ended is told from Linux 6.15 on, once its parent has reaped it; until
then a process that has ended is waited for, unless the time is up.
Exit code: 0 if every process has ended (with --any: one), 1 if one was not there, 3 if one can't be asked, 124 if the
time was up. With --pass every code may also be the process's own; 3 if nobody tells how it ended.`;

/** Null if it still runs when there is enough; one that has ended by then, and was not reaped, has. */
async function waitFor(handle: Pidfd, abort: AbortSignal): Promise<ExitStatus | null> {
  try {
    return await handle.wait({ signal: abort });
  } catch (error) {
    if (!abort.aborted || error instanceof PidfdError) throw error;
    return handle.status();
  }
}

/** As a shell says it. */
function passedCode(status: ExitStatus): number {
  if (!status.known) return EXIT_ERROR;
  return status.signal === null ? status.code : 128 + signalNumber(status.signal);
}

function outcomeOf(status: ExitStatus | null, passes: boolean): Omit<Outcome, "pid"> {
  if (status === null) {
    return { line: "still runs, the time is up", record: { ended: false }, code: EXIT_TIMEOUT };
  }
  const code = passes ? passedCode(status) : EXIT_OK;
  return { line: describeStatus(status), record: { ended: true, status }, code };
}

/** The command. */
export const wait: Command = {
  summary: "wait until each process has ended",
  usage: "[--any | --pass] [--timeout MS] PID…",
  help: HELP,
  options: { any: { type: "boolean" }, pass: { type: "boolean" }, timeout: { type: "string" } },
  async run(args, { any, pass, timeout, json }) {
    const processes = parseProcesses(args);
    if (pass && (any || processes.length > 1)) throw new UsageError("--pass is for one pid");
    const limit = typeof timeout === "string" ? parseMilliseconds("timeout", timeout) : undefined;
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
    return pass ? shown[0].code : gravest(shown);
  },
};
