/** `pidfd signal`: as kill(1), but a process that exited gets nothing, whoever reused its pid. */
import type { Pidfd } from "../../mod.ts";
import { signalName } from "../../src/kernel/signals.ts";
import { parseProcesses, parseSignal } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT_NO, EXIT_OK } from "../exit.ts";
import { forEachAtOnce } from "../for_each.ts";
import { report } from "../outcome.ts";

/** The command. */
export const signal: Command = {
  summary: "send a signal, by default SIGTERM",
  usage: "[-s SIGNAL] PID…",
  help: `  -s, --signal SIGNAL   TERM, SIGKILL, SIGRTMIN+3 or a number from 0 to 64;
                        0 sends nothing, and checks that it could be sent

Exit code: 0 if the signal was sent to every process, 1 if one exited or there
is no such process, 3 if a call failed: one may not be signalled.`,
  choices: "processes",
  options: { signal: { type: "string", short: "s" } },
  async run(args, { signal, json }) {
    const number = parseSignal(typeof signal === "string" ? signal : "SIGTERM");
    const name = number === 0 ? "0" : signalName(number);
    const send = (handle: Pidfd) => {
      const sent = handle.signal(number);
      const line = sent ? `sent ${name}` : "exited already, nothing sent";
      return { line, record: { signal: name, sent }, code: sent ? EXIT_OK : EXIT_NO };
    };
    const outcomes = await forEachAtOnce(parseProcesses(args), send, () => {});
    return report(outcomes, json === true);
  },
};
