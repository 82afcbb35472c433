/**
 * Completions for fish, which offers an option's flags by itself, and only where the word begins
 * with "-".
 */
import { type Entry, type Option, PREFIXED, SIGNALS } from "./entry.ts";
import { quoted } from "./quoted.ts";

/**
 * Control characters are replaced: a process can call itself anything. Kernel threads have no
 * command line.
 */
const FUNCTIONS = `function __pidfd_processes
  for folder in /proc/(commandline -ct)*
    # A redirection from a file that is missing would print a warning.
    string match -qr '^/proc/\\d+$' -- $folder; and test -r $folder/cmdline; or continue
    set -l args (string split0 < $folder/cmdline)
    test -n "$args[1]"; or continue
    set -l name (path basename -- $args[1] | string collect) $args[2..]
    set name (string replace -ra '[\\x00-\\x1f\\x7f-\\x9f]' '?' -- "$name" | string collect)
    printf '%s\\t%s\\n' (string replace /proc/ '' $folder) (string sub -l 50 -- $name)
  end
end
# Another command line is completed as such.
function __pidfd_command_line
  set -l words (commandline -opc)
  set -l at (contains -i -- -- $words); or return
  set -l line (string escape -- $words[(math $at + 1)..])
  complete -C (string join ' ' -- $line (commandline -ct))
end
function __pidfd_signals
  if string match -q 'SI*' -- (commandline -ct)
    printf '%s\\n' ${PREFIXED.join(" ")}
  else
    printf '%s\\n' ${SIGNALS.join(" ")}
  end
end`;

function optionLine(after: string, { long, short, value }: Option): string {
  const values = { none: "", any: " -x", signal: " -x -a '(__pidfd_signals)'" };
  return `${after}${short ? ` -s ${short}` : ""} -l ${long}${values[value]}`;
}

/** The script. */
export function fish(entries: Entry[]): string {
  const lines = entries.flatMap(({ name, summary, choices, options, takesCommand }) => {
    const after = `complete -c pidfd -n '__fish_seen_subcommand_from ${name}'`;
    const offered = choices === "processes"
      ? "(__pidfd_processes)"
      : takesCommand
      ? "(__pidfd_command_line)"
      : choices.join(" ");
    return [
      `complete -c pidfd -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...(offered === "" ? [] : [`${after} -k -a '${offered}'`]),
      ...options.map((option) => optionLine(after, option)),
    ];
  });
  return [FUNCTIONS, "complete -c pidfd -f", ...lines].join("\n");
}
