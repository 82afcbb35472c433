/** `pidfd help`: how the commands are used, made of the table of commands itself. */
import type { Command, Table } from "../command.ts";
import { EXIT_OK, UsageError } from "../exit.ts";
import { print } from "../output.ts";

function synopsis(name: string, { usage }: Command): string {
  return `${name} ${usage}`.trimEnd();
}

function overview(table: Table): string {
  const rows = Object.entries(table).map(([name, command]) => ({
    left: synopsis(name, command),
    right: command.summary,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  const lines = rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`);
  return `Usage: pidfd COMMAND …
       pidfd --version

${lines.join("\n")}

A PID may be an identity as \`pidfd identity\` shows it, or PID:INODE: then nobody else is taken for that process.
Each command takes --help, and --json for a result that programs can read; only tree --watch has none.
Exit codes: 0 yes, 1 no, 2 wrong usage, 3 it failed, 124 the time was up.`;
}

/** The command of this name. */
export function commandOf(table: Table, name: string): Command {
  if (Object.hasOwn(table, name)) return table[name];
  if (name.startsWith("-")) throw new UsageError(`${name} goes behind a command`);
  throw new UsageError(`there is no command "${name}"`);
}

/** What to know of one command, or, where none is named, of them all. */
export function helpText(table: Table, name?: string): string {
  if (name === undefined) return overview(table);
  const command = commandOf(table, name);
  return `Usage: pidfd ${synopsis(name, command)}\n\n${command.help}`;
}

/** The command; the table that it belongs to is asked for when it runs, with every command in it. */
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
