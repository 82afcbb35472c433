/** Picks the command, and turns what it throws into an exit code. */
import type { Table } from "./command.ts";
import { check } from "./commands/check.ts";
import { completions } from "./commands/completions.ts";
import { demo } from "./commands/demo.ts";
import { doctor } from "./commands/doctor.ts";
import { commandOf, help, helpText } from "./commands/help.ts";
import { identity } from "./commands/identity.ts";
import { info } from "./commands/info.ts";
import { orphans } from "./commands/orphans.ts";
import { run as runCommand } from "./commands/run.ts";
import { signal } from "./commands/signal.ts";
import { stop } from "./commands/stop.ts";
import { tree } from "./commands/tree.ts";
import { wait } from "./commands/wait.ts";
import { EXIT_ERROR, EXIT_OK, EXIT_USAGE, UsageError } from "./exit.ts";
import { complain, print } from "./output.ts";
import { parse } from "./parse.ts";
import { VERSION } from "./version.ts";

const COMMANDS: Table = {
  check,
  run: runCommand,
  signal,
  wait,
  stop,
  tree,
  orphans,
  info,
  identity,
  doctor,
  demo,
  completions: completions(() => COMMANDS),
  help: help(() => COMMANDS),
};

/** Runs the command that the arguments name; answers the exit code. */
export async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    complain(helpText(COMMANDS));
    return EXIT_USAGE;
  }
  try {
    if (["--version", "-V", "version"].includes(name)) return version(name, rest);
    return await run(["--help", "-h"].includes(name) ? "help" : name, rest);
  } catch (error) {
    complain(`pidfd: ${error instanceof Error ? error.message : error}`);
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!(error instanceof UsageError)) return command?.failureCode ?? EXIT_ERROR;
    const isExplained = command !== undefined && name !== "help";
    complain(`Try: pidfd ${isExplained ? `${name} ` : ""}--help`);
    return command?.failureCode ?? EXIT_USAGE;
  }
}

function version(name: string, rest: string[]): number {
  if (rest.length > 0) throw new UsageError(`${name} takes no arguments`);
  print(`pidfd ${VERSION}`);
  return EXIT_OK;
}

async function run(name: string, given: string[]): Promise<number> {
  const command = commandOf(COMMANDS, name);
  const { args, options } = parse(command, given);
  if (!options.help) return await command.run(args, options);
  print(helpText(COMMANDS, name));
  return EXIT_OK;
}
