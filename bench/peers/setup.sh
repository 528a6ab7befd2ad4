#!/bin/sh
# Installs peers in a Python environment in the cache folder: those of jobs or, with an argument, model servers.
# MLServer has its own environment, because it needs older versions of the same packages. Installs them again if their
# list has changed. Prints the path of the interpreter.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
case ${1:-jobs} in
  jobs) list=$here/requirements.txt name=peers ;;
  servers | mlserver) list=$here/servers/requirements-$1.txt name=peer-$1 ;;
  *) echo "usage: setup.sh [servers|mlserver]" >&2 && exit 2 ;;
esac
cache=${FOREBAY_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/forebay}/$name
if ! cmp -s "$list" "$cache/installed.txt"; then
  rm -rf "$cache/venv" "$cache/installed.txt"
  mkdir -p "$cache"
  python3 -m venv "$cache/venv" >&2
  "$cache/venv/bin/pip" install --quiet --requirement "$list" >&2
  cp "$list" "$cache/installed.txt"
fi
echo "$cache/venv/bin/python"
