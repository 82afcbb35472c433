/** Completions for bash. */
import { cases, type Entry, PREFIXED, SIGNALS } from "./entry.ts";

const words = (words: readonly string[]) =>
  `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$word"))`;

/**
 * Where bash lists the candidates (at a second Tab) it shows the command lines too; what it inserts is the pid alone, because
 * a process can call itself anything. Kernel threads have no command line.
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

/** The script. */
export function bash(entries: Entry[]): string {
  const signals = `${words(SIGNALS)}
  [[ $COMPREPLY ]] || ${words(PREFIXED)}`;
  const names = entries.map(({ name }) => name);
  return `${PROCESSES}
_pidfd() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    ${words([...names, "--help", "--version"])}
    return
  fi
  ${cases(entries, { signals, processes: "_pidfd_processes", words })}
}
complete -F _pidfd pidfd`;
}
