/** `pidfd help`: explains the commands, from the table of commands itself. */
import type { Command, Table } from "../command.ts";
import { EXIT_OK, UsageError } from "../exit.ts";
import { print } from "../output.ts";
import { hint } from "../suggestion.ts";

function synopsis(name: string, { usage }: Command): string {
  return `${name} ${usage}`.trimEnd();
}

function overview(table: Table): string {
  const width = Math.max(...Object.keys(table).map((name) => name.length));
  const lines = Object.entries(table).map(([name, { summary }]) =>
    `  ${name.padEnd(width)}  ${summary}`
  );
  return `Usage: pidfd COMMAND [OPTION…] [ARGUMENT…]
       pidfd --help | --version

${lines.join("\n")}

pidfd COMMAND --help, or pidfd help COMMAND, explains one of them.
With --json the result is JSON; only tree --watch has none.

A PID can be an identity as pidfd identity prints it, or PID:INODE: then no
process that reused the pid is taken for it.
A TIME has a unit, as in 500ms, 5s, 1.5m or 2h; without one it is milliseconds.

Exit codes: 0 yes, 1 no, 2 wrong usage, 3 a call failed, 4 forced,
5 processes may be left, 124 timed out, 128 + N interrupted by signal N.
pidfd run has those of timeout(1).`;
}

/** The command of this name. */
export function commandOf(table: Table, name: string): Command {
  if (Object.hasOwn(table, name)) return table[name];
  if (name.startsWith("-")) {
    throw new UsageError(`unknown option ${name}; options come after the command`);
  }
  const meant = hint(name, Object.keys(table), (command) => JSON.stringify(command));
  throw new UsageError(`there is no command ${JSON.stringify(name)}${meant}`);
}

/** What to know of one command, or, where none is named, of them all. */
export function helpText(table: Table, name?: string): string {
  if (name === undefined) return overview(table);
  const command = commandOf(table, name);
  return `Usage: pidfd ${synopsis(name, command)}\n\n${command.help}`;
}

/**
 * The command; the table that it belongs to is asked for when it runs, with every command in it.
 */
export function help(table: () => Table): Command {
  return {
    summary: "explain a command, or list them all",
    usage: "[COMMAND]",
    help: "The same as pidfd COMMAND --help.",
    options: {},
    get choices() {
      return Object.keys(table());
    },
    run(args, { json }) {
      if (args.length > 1) throw new UsageError("help takes one command");
      const names = args.length > 0 ? args : Object.keys(table());
      const entries = names.map((command) => {
        const { usage, summary, help } = commandOf(table(), command);
        return { command, usage, summary, help };
      });
      print(json ? JSON.stringify(entries, null, 2) : helpText(table(), args[0]));
      return EXIT_OK;
    },
  };
}
