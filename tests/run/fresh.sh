#!/usr/bin/env bash
# Runs the two commands of the README as they stand there, in a fresh clone with empty caches.
# Arguments are a command that runs between them, before the one that takes long.
set -euo pipefail
cd "$(dirname "$0")/../.."
# A task puts the programs of this clone first; the fresh one has to bring its own.
PATH=${PATH//"$PWD/node_modules/.bin:"/}
fresh=$(mktemp -d)
# Another user must be able to enter it: some tests become one.
chmod 755 "$fresh"
trap 'rm -rf "$fresh"' EXIT
export npm_config_cache="$fresh/cache/npm" PIP_CACHE_DIR="$fresh/cache/pip" XDG_CACHE_HOME="$fresh/cache"
export ZIG_GLOBAL_CACHE_DIR="$fresh/cache/zig" DENO_DIR="$fresh/cache/deno"
git clone --quiet . "$fresh/pidfd"
cd "$fresh/pidfd"
grep '^npm ci && ' README.md > "$fresh/commands"
[ "$(wc -l < "$fresh/commands")" -eq 2 ] || { echo "the README must have two commands" >&2; exit 1; }
while read -r command; do
  echo "== $command"
  sh -c "$command" < /dev/null
  if [ $# -gt 0 ]; then
    echo "== $*"
    "$@" < /dev/null
    set --
  fi
done < "$fresh/commands"
[ -z "$(git status --porcelain)" ] || { git status --short; echo "the tests left files behind" >&2; exit 1; }
