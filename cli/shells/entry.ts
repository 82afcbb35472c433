/** What can follow each command, for the shells that complete it. */
import { signalName } from "../../src/kernel/signals.ts";
import type { Table } from "../command.ts";
import { optionsOf } from "../parse.ts";

/** One command. */
export interface Entry {
  name: string;
  summary: string;
  choices: "processes" | readonly string[];
  options: Option[];
  /** Whether `--` and another program's command line follow. */
  takesCommand: boolean;
}

/** One option of a command. */
export interface Option {
  long: string;
  short?: string;
  /** What its value can be; "any" if that is not known. */
  value: "none" | "any" | "signal";
}

/** Every standard signal, without the prefix. */
export const SIGNALS: readonly string[] = Array.from(
  { length: 31 },
  (_, index) => signalName(index + 1).slice(3),
);
/** The same, for somebody who has begun to type the prefix. */
export const PREFIXED: readonly string[] = SIGNALS.map((name) => `SIG${name}`);

/** The entries of a table of commands. */
export function entriesOf(table: Table): Entry[] {
  return Object.entries(table).map(([name, command]) => {
    const options = Object.entries(optionsOf(command)).map(([long, { type, short }]): Option => ({
      long,
      ...(short && { short }),
      value: type === "boolean" ? "none" : long === "signal" ? "signal" : "any",
    }));
    const { summary, choices = [], takesCommand = false } = command;
    return { name, summary, choices, options, takesCommand };
  });
}

/** An option as it is typed. */
export function flagsOf({ long, short }: Option): string[] {
  return short ? [`--${long}`, `-${short}`] : [`--${long}`];
}

/** The commands that another command line follows, as a pattern of a shell. */
export function takingCommands(entries: Entry[]): string {
  return entries.filter(({ takesCommand }) => takesCommand).map(({ name }) => name).join("|");
}

/** What bash and zsh offer at one place. */
export interface Offers {
  signals: string;
  processes: string;
  words(words: readonly string[]): string;
}

/**
 * The body of a function of bash or zsh, which share this syntax: `$command` is the command,
 * `$before` the word before the one that is completed, `$word`.
 */
export function cases(entries: Entry[], { signals, processes, words }: Offers): string {
  const value = (name: string, option: Option) =>
    `${flagsOf(option).map((flag) => `${name}:${flag}`).join("|")}) ${
      option.value === "signal" ? signals : ":"
    }; return ;;`;
  const values = entries.flatMap(({ name, options }) =>
    options.filter((option) => option.value !== "none").map((option) => value(name, option))
  );
  const flags = entries.map(({ name, options }) =>
    `${name}) ${words(options.flatMap(flagsOf))} ;;`
  );
  const choices = entries.filter(({ choices }) => choices.length > 0).map(({ name, choices }) =>
    `${name}) ${choices === "processes" ? processes : words(choices)} ;;`
  );
  return `case "$command:$before" in
  ${values.join("\n  ")}
esac
if [[ $word == -* ]]; then case "$command" in
  ${flags.join("\n  ")}
esac; else case "$command" in
  ${choices.join("\n  ")}
esac; fi`;
}
