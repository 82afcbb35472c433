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
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    (name === undefined ? console.error : print)(overview());
    return name === undefined ? EXIT_USAGE : EXIT_OK;
  }
  try {
    if (!Object.hasOwn(COMMANDS, name)) throw new UsageError(`there is no command "${name}"`);
    return await run(name, COMMANDS[name], rest);
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    const isUsage = error instanceof UsageError || isParseError(error);
    console.error(`pidfd: ${error instanceof Error ? error.message : error}`);
    if (isUsage) console.error("Try: pidfd --help");
    return isUsage ? EXIT_USAGE : EXIT_ERROR;
  }
}

async function run(name: string, command: Command, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...command.options,
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    print(`Usage: pidfd ${name} ${command.usage}\n\n${command.help}`);
    return EXIT_OK;
  }
  return await command.run(positionals, values as Record<string, string | boolean | undefined>);
}

/** What parseArgs throws for an unknown option; its code is the same on every runtime. */
function isParseError(error: unknown): boolean {
  return String((error as { code?: string }).code).startsWith("ERR_PARSE_ARGS");
}

function overview(): string {
  const lines = Object.entries(COMMANDS).map(([name, { usage, summary }]) =>
    `  ${`${name} ${usage}`.padEnd(42)}${summary}`
  );
  return `Usage: pidfd COMMAND …

${lines.join("\n")}

A PID may be an identity as \`pidfd identity\` shows it, or PID:INODE: then nobody else is taken for that process.
Each command takes --json for a result that programs can read, and --help.
Exit codes: 0 yes, 1 no, 2 wrong usage, 3 it failed, 124 the time was up.`;
}
