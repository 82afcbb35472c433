/** `pidfd info`: what is known about processes. */
import type { ProcessInfo } from "../../mod.ts";
import { parseProcesses } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT_NO, EXIT_OK } from "../exit.ts";
import { forEach } from "../for_each.ts";
import { type Outcome, report, reportLack } from "../outcome.ts";
import { print } from "../output.ts";

/** A field's value for people; objects on one line. */
function describe(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value).map(([name, part]) => `${name} ${part}`).join(", ");
}

function lines(info: ProcessInfo): string {
  const entries = Object.entries(info);
  return entries.map(([name, value]) => `\n  ${name.padEnd(15)} ${describe(value)}`).join("");
}

function showInfo(outcome: Outcome): void {
  if (outcome.lack) reportLack(outcome);
  else print(`${outcome.pid}:${outcome.line}`);
}

/** The command. */
export const info: Command = {
  summary: "print what is known about each process",
  usage: "PID…",
  help: `What is not available is left out. With --json cgroupId is a string, because it
has 64 bits.

Exit code: 0 if every process is running, 1 if one exited or there is no such
process, 3 if a call failed.`,
  choices: "processes",
  options: {},
  run(args, { json }) {
    const outcomes = forEach(parseProcesses(args), (handle) => {
      const info = handle.info();
      const { cgroupId, ...rest } = info;
      const record = cgroupId === undefined ? rest : { ...rest, cgroupId: String(cgroupId) };
      return { line: lines(info), record, code: info.state === "running" ? EXIT_OK : EXIT_NO };
    });
    return report(outcomes, json === true, showInfo);
  },
};
