#!/bin/sh
# Installs the peers in a Python environment in the cache folder. Installs them again if requirements.txt has changed.
# Prints the path of the interpreter.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${FOREBAY_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/forebay}/peers
if ! cmp -s "$here/requirements.txt" "$cache/installed.txt"; then
  rm -rf "$cache/venv" "$cache/installed.txt"
  mkdir -p "$cache"
  python3 -m venv "$cache/venv" >&2
  "$cache/venv/bin/pip" install --quiet --requirement "$here/requirements.txt" >&2
  cp "$here/requirements.txt" "$cache/installed.txt"
fi
echo "$cache/venv/bin/python"
