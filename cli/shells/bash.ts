/** Completions for bash. */
import { cases, type Entry, PREFIXED, SIGNALS, takingCommands } from "./entry.ts";

const words = (words: readonly string[]) =>
  `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$word"))`;

/**
 * Where bash lists the candidates (at a second Tab) it shows the command lines too; what it inserts
 * is the pid alone, because a process can call itself anything. Kernel threads have no command
 * line.
 */
const PROCESSES = `_pidfd_processes() {
  local folder pid name
  local -a args
  for folder in /proc/"$word"*; do
    pid=\${folder##*/}
    [[ $pid =~ ^[0-9]+$ ]] || continue
    { mapfile -d '' -t args < "$folder/cmdline"; } 2>/dev/null
    [[ \${args[0]} ]] || continue
    name="\${args[0]##*/} \${args[*]:1}" name=\${name//[^[:print:]]/?}
    case $COMP_TYPE in
      33|63|64) COMPREPLY+=("$pid (\${name:0:50})") ;;
      *) COMPREPLY+=("$pid") ;;
    esac
  done
}`;

/**
 * Whether another command line was begun, which is completed as such: by bash-completion where that
 * is loaded, else commands and files.
 */
const COMMAND_LINE = `_pidfd_command_line() {
  local at
  for ((at = 2; at < COMP_CWORD; at++)); do
    [[ \${COMP_WORDS[at]} == -- ]] || continue
    if declare -F _command_offset > /dev/null; then _command_offset $((at + 1))
    elif ((at == COMP_CWORD - 1)); then COMPREPLY=($(compgen -c -- "$word"))
    else compopt -o default 2> /dev/null; fi
    return 0
  done
  return 1
}`;

/** The script. */
export function bash(entries: Entry[]): string {
  const signals = `${words(SIGNALS)}
  [[ $COMPREPLY ]] || ${words(PREFIXED)}`;
  const names = entries.map(({ name }) => name);
  return `${PROCESSES}
${COMMAND_LINE}
_pidfd() {
  local word=\${COMP_WORDS[COMP_CWORD]}
  local before=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    ${words([...names, "--help", "--version"])}
    return
  fi
  case $command in ${takingCommands(entries)}) _pidfd_command_line && return ;; esac
  ${cases(entries, { signals, processes: "_pidfd_processes", words })}
}
complete -F _pidfd pidfd`;
}
