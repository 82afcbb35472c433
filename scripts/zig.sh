#!/bin/sh
# Runs Zig, in the version that zig/.zig-version names, and fetches it from PyPI the first time.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
version=$(cat "$top/zig/.zig-version")
folder="$top/.tools/zig-$version"
if [ ! -x "$folder/ziglang/zig" ]; then
  echo "fetching Zig $version" >&2
  # Into a folder of its own name only once it is whole: an interrupted download must not look like a finished one.
  rm -rf "$folder.part"
  python3 -m pip install --quiet --no-compile --root-user-action=ignore \
    --target "$folder.part" "ziglang==$version" >&2
  rm -rf "$folder"
  mv "$folder.part" "$folder"
fi
exec "$folder/ziglang/zig" "$@"
