/** Picks the command, and turns what it throws into an exit code. */
import { parseArgs } from "node:util";
import type { Command, Table } from "./command.ts";
import { check } from "./commands/check.ts";
import { completions } from "./commands/completions.ts";
import { demo } from "./commands/demo.ts";
import { doctor } from "./commands/doctor.ts";
import { commandOf, help, helpText } from "./commands/help.ts";
import { identity } from "./commands/identity.ts";
import { info } from "./commands/info.ts";
import { orphans } from "./commands/orphans.ts";
import { signal } from "./commands/signal.ts";
import { stop } from "./commands/stop.ts";
import { tree } from "./commands/tree.ts";
import { wait } from "./commands/wait.ts";
import { EXIT_ERROR, EXIT_OK, EXIT_USAGE, UsageError } from "./exit.ts";
import { Interrupted } from "./interrupt.ts";
import { complain, print } from "./output.ts";
import { VERSION } from "./version.ts";

const COMMANDS: Table = {
  check,
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
    if (name === "--version" || name === "version") return version(name, rest);
    return await run(["--help", "-h"].includes(name) ? "help" : name, rest);
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    const isUsage = error instanceof UsageError || isParseError(error);
    complain(`pidfd: ${error instanceof Error ? error.message : error}`);
    if (isUsage) {
      const isCommand = Object.hasOwn(COMMANDS, name) && name !== "help";
      complain(`Try: pidfd ${isCommand ? `${name} ` : ""}--help`);
    }
    return isUsage ? EXIT_USAGE : EXIT_ERROR;
  }
}

function version(name: string, rest: string[]): number {
  if (rest.length > 0) throw new UsageError(`${name} goes alone`);
  print(`pidfd ${VERSION}`);
  return EXIT_OK;
}

async function run(name: string, args: string[]): Promise<number> {
  const command = commandOf(COMMANDS, name);
  const { values, positionals } = parse(command, args);
  if (values.help) {
    print(helpText(COMMANDS, name));
    return EXIT_OK;
  }
  return await command.run(positionals, values as Record<string, string | boolean | undefined>);
}

function parse(command: Command, args: string[]) {
  const options = {
    ...command.options,
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    const signal = args.map((arg) => /^-(\d{1,2}|(SIG)?[A-Z]{2,}\d?)$/.exec(arg)?.[1]).find(
      Boolean,
    );
    // kill(1) takes -9, which is an option of that name here.
    if (command.options.signal && signal) {
      throw new UsageError(`write the signal as -s ${signal}`);
    }
    throw error;
  }
}

/** What parseArgs throws for an unknown option; its code is the same on every runtime. */
function isParseError(error: unknown): boolean {
  return String((error as { code?: string }).code).startsWith("ERR_PARSE_ARGS");
}
