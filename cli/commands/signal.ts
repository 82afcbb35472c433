/** `pidfd signal`: as kill(1), but what has ended is told, not hit. */
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
  help:
    `  -s, --signal SIGNAL   a name (TERM, SIGKILL, SIGRTMIN+3) or a number from 0 to 64; 0 only asks

Exit code: 0 if every process got it, 1 if one had ended or is not there, 3 if one may not be signalled.`,
  options: { signal: { type: "string", short: "s" } },
  async run(args, { signal, json }) {
    const number = parseSignal(typeof signal === "string" ? signal : "SIGTERM");
    const name = number === 0 ? "0" : signalName(number);
    const send = (handle: Pidfd) => {
      const sent = handle.signal(number);
      const line = sent ? `sent ${name}` : "had ended already, nothing was sent";
      return { line, record: { signal: name, sent }, code: sent ? EXIT_OK : EXIT_NO };
    };
    const outcomes = await forEachAtOnce(parseProcesses(args), send, () => {});
    return report(outcomes, json === true);
  },
};
