/** `pidfd completions`: what a shell needs to complete the command, made of the table of commands itself. */
import { signalName } from "../../src/kernel/signals.ts";
import type { Command, Table } from "../command.ts";
import { EXIT_OK, UsageError } from "../exit.ts";
import { print } from "../output.ts";

/** What can follow one command. */
interface Entry {
  name: string;
  summary: string;
  choices: readonly string[];
  options: { long: string; short?: string; values: readonly string[] | null }[];
}

const SIGNALS = Array.from({ length: 31 }, (_, index) => signalName(index + 1));

function entries(table: Table): Entry[] {
  return Object.entries(table).map(([name, { summary, choices = [], options }]) => ({
    name,
    summary,
    choices,
    options: [
      ...Object.entries(options).map(([long, { type, short }]) => ({
        long,
        short,
        values: type === "boolean" ? null : long === "signal" ? SIGNALS : [],
      })),
      { long: "json", values: null },
      { long: "help", short: "h", values: null },
    ],
  }));
}

function flags({ long, short }: Entry["options"][number]): string[] {
  return short ? [`--${long}`, `-${short}`] : [`--${long}`];
}

/** The cases of a shell's `case` on the command and the word before: the values of an option that takes some. */
function valueCases(all: Entry[], offer: (words: readonly string[]) => string): string[] {
  return all.flatMap(({ name, options }) =>
    options.flatMap((option) =>
      option.values === null ? [] : [
        `    ${flags(option).map((flag) => `${name}:${flag}`).join("|")}) ${
          offer(option.values)
        }; return ;;`,
      ]
    )
  );
}

function commandCases(all: Entry[], offer: (words: readonly string[]) => string): string[] {
  return all.map(({ name, choices, options }) =>
    `    ${name}) ${offer([...choices, ...options.flatMap(flags)])} ;;`
  );
}

function bash(all: Entry[]): string {
  const offer = (words: readonly string[]) =>
    `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$word"))`;
  return `_pidfd() {
  local word=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    ${offer([...all.map(({ name }) => name), "--help", "--version"])}
    return
  fi
  case "$command:\${COMP_WORDS[COMP_CWORD - 1]}" in
${valueCases(all, offer).join("\n")}
  esac
  case "$command" in
${commandCases(all, offer).join("\n")}
  esac
}
complete -F _pidfd pidfd`;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function zsh(all: Entry[]): string {
  const offer = (words: readonly string[]) =>
    words.length === 0 ? ":" : `compadd -- ${words.join(" ")}`;
  const commands = all.map(({ name, summary }) => quoted(`${name}:${summary}`));
  return `#compdef pidfd
_pidfd() {
  if (( CURRENT == 2 )); then
    local -a commands=(${commands.join(" ")})
    _describe command commands
    return
  fi
  case "$words[2]:$words[CURRENT-1]" in
${valueCases(all, offer).join("\n")}
  esac
  case "$words[2]" in
${commandCases(all, offer).join("\n")}
  esac
}
if [ "$funcstack[1]" = _pidfd ]; then _pidfd "$@"; else compdef _pidfd pidfd; fi`;
}

function fish(all: Entry[]): string {
  const lines = all.flatMap(({ name, summary, choices, options }) => {
    const after = `complete -c pidfd -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c pidfd -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...(choices.length === 0 ? [] : [`${after} -a '${choices.join(" ")}'`]),
      ...options.map(({ long, short, values }) =>
        `${after}${short ? ` -s ${short}` : ""} -l ${long}${
          values === null ? "" : ` -x -a '${values.join(" ")}'`
        }`
      ),
    ];
  });
  return ["complete -c pidfd -f", ...lines].join("\n");
}

const SHELLS: Readonly<Record<string, (all: Entry[]) => string>> = { bash, zsh, fish };

/** The command; the table that it belongs to is asked for when it runs, with every command in it. */
export function completions(table: () => Table): Command {
  return {
    summary: "print what a shell needs to complete this",
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
      const script = SHELLS[shell](entries(table()));
      print(json ? JSON.stringify({ shell, script }) : script);
      return EXIT_OK;
    },
  };
}
