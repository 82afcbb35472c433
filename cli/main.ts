/** Picks the command, and turns what it throws into an exit code. */
import { parseArgs } from "node:util";
import { check } from "./check.ts";
import { type Command, EXIT_ERROR, EXIT_OK, EXIT_USAGE, UsageError } from "./command.ts";
import { completions } from "./completions.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { identity } from "./identity.ts";
import { info } from "./info.ts";
import { Interrupted } from "./interrupt.ts";
import { orphans } from "./orphans.ts";
import { print } from "./output.ts";
import { signal } from "./signal.ts";
import { stop } from "./stop.ts";
import { tree } from "./tree.ts";
import { wait } from "./wait.ts";

const COMMANDS: Record<string, Command> = {
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
};

/** Runs the command that the arguments name; answers the exit code. */
export async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    console.error(overview());
    return EXIT_USAGE;
  }
  try {
    if (["--help", "-h", "help"].includes(name)) return help(rest);
    return await run(name, commandOf(name), rest);
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    const isUsage = error instanceof UsageError || isParseError(error);
    console.error(`pidfd: ${error instanceof Error ? error.message : error}`);
    if (isUsage) {
      console.error(`Try: pidfd ${Object.hasOwn(COMMANDS, name) ? `${name} ` : ""}--help`);
    }
    return isUsage ? EXIT_USAGE : EXIT_ERROR;
  }
}

function commandOf(name: string): Command {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name];
  throw new UsageError(`there is no command "${name}"`);
}

/** Of one command, where one is named. */
function help(names: string[]): number {
  if (names.length > 1) throw new UsageError("help takes one command");
  print(names.length === 0 ? overview() : helpOf(names[0]));
  return EXIT_OK;
}

function helpOf(name: string): string {
  const command = commandOf(name);
  return `Usage: pidfd ${synopsis(name, command)}\n\n${command.help}`;
}

function synopsis(name: string, { usage }: Command): string {
  return `${name} ${usage}`.trimEnd();
}

async function run(name: string, command: Command, args: string[]): Promise<number> {
  const { values, positionals } = parse(command, args);
  if (values.help) return help([name]);
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
      throw new UsageError(`a signal is given so: -s ${signal}`);
    }
    throw error;
  }
}

/** What parseArgs throws for an unknown option; its code is the same on every runtime. */
function isParseError(error: unknown): boolean {
  return String((error as { code?: string }).code).startsWith("ERR_PARSE_ARGS");
}

function overview(): string {
  const rows = Object.entries(COMMANDS).map(([name, command]) => ({
    left: synopsis(name, command),
    right: command.summary,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  const lines = rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`);
  return `Usage: pidfd COMMAND …

${lines.join("\n")}

A PID may be an identity as \`pidfd identity\` shows it, or PID:INODE: then nobody else is taken for that process.
Each command takes --help, and --json for a result that programs can read; only tree --watch has none.
Exit codes: 0 yes, 1 no, 2 wrong usage, 3 it failed, 124 the time was up.`;
}
