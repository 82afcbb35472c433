/** `pidfd completions`: what a shell needs to complete the command, made from the table of commands itself. */
import type { Command, Table } from "../command.ts";
import { EXIT_OK, UsageError } from "../exit.ts";
import { print } from "../output.ts";
import { bash } from "../shells/bash.ts";
import { entriesOf, type Entry } from "../shells/entry.ts";
import { fish } from "../shells/fish.ts";
import { zsh } from "../shells/zsh.ts";

const SHELLS: Readonly<Record<string, (entries: Entry[]) => string>> = { bash, zsh, fish };

/** The command; the table that it belongs to is read when it runs, with every command in it. */
export function completions(table: () => Table): Command {
  return {
    summary: "print the completions for bash, zsh or fish",
    usage: "bash|zsh|fish",
    help: `In bash: source <(pidfd completions bash)
In zsh:  source <(pidfd completions zsh)
In fish: pidfd completions fish | source`,
    options: {},
    choices: Object.keys(SHELLS),
    run(args, { json }) {
      const [shell] = args;
      if (args.length !== 1 || !Object.hasOwn(SHELLS, shell)) {
        throw new UsageError(`completions takes one of ${Object.keys(SHELLS).join(", ")}`);
      }
      const script = SHELLS[shell](entriesOf(table()));
      print(json ? JSON.stringify({ shell, script }) : script);
      return EXIT_OK;
    },
  };
}
