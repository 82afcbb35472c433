/** Completions for zsh. */
import { cases, type Entry, PREFIXED, SIGNALS, takingCommands } from "./entry.ts";
import { quoted } from "./quoted.ts";

const words = (words: readonly string[]) => `compadd -- ${words.join(" ")}`;

/**
 * (V) makes control characters visible: a process can call itself anything. Kernel threads have no
 * command line.
 */
const PROCESSES = `_pidfd_processes() {
  local folder name
  local -a args pids shown
  for folder in /proc/<->(Nn); do
    { args=("\${(0)"$(<$folder/cmdline)"}") } 2>/dev/null
    [[ -n $args[1] ]] || continue
    name="\${args[1]:t} $args[2,-1]" name=\${name% } pids+=(\${folder:t})
    shown+=("\${folder:t} (\${(V)name[1,50]})")
  done
  compadd -V pids -l -d shown -a pids
}`;

/** The script. */
export function zsh(entries: Entry[]): string {
  const commands = entries.map(({ name, summary }) => quoted(`${name}:${summary}`));
  const signals = `${words(SIGNALS)} || ${words(PREFIXED)}`;
  return `#compdef pidfd
${PROCESSES}
_pidfd() {
  local word=$PREFIX before=$words[CURRENT-1] command=$words[2]
  if (( CURRENT == 2 )); then
    local -a commands=(${commands.join(" ")})
    _describe command commands
    return
  fi
  local -i at=$words[(i)--]
  if [[ $command == (${takingCommands(entries)}) ]] && (( at < CURRENT )); then
    shift $at words
    (( CURRENT -= at ))
    _normal
    return
  fi
  ${cases(entries, { signals, processes: "_pidfd_processes", words })}
}
if [ "$funcstack[1]" = _pidfd ]; then _pidfd "$@"; else compdef _pidfd pidfd; fi`;
}
