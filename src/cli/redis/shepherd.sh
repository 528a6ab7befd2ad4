#!/bin/sh
# Shepherd of one private Redis. Usage: sh shepherd.sh FOLDER COMMAND...
# COMMAND is redis-server with its options. FOLDER holds the socket, the log and any data that is not kept.
#
# Redis must end with its parent, even when the parent is killed with SIGKILL. Node cannot ask the kernel for
# that, but a pipe works on every system. Standard input is a pipe that only the parent can write to. When the
# parent is gone, the pipe ends, and the shepherd asks Redis to stop. Redis then flushes its append-only file.
# The shepherd deletes FOLDER once Redis has stopped, whatever the reason.
#
# The shepherd runs in its own session, so that Ctrl-C in a terminal reaches only the application. The application
# drains while Redis still serves it.

PATH="${PATH:-}:/usr/bin:/bin"
folder=$1
shift

exec 3<&0
"$@" </dev/null 3<&- &
redis=$!
trap 'kill -TERM "$redis" 2>/dev/null' TERM INT HUP

# `read` is a builtin, so no further process waits on the pipe.
(
  trap - TERM INT HUP
  while read -r _; do :; done
  kill -TERM "$redis" 2>/dev/null
) <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&-

# A trapped signal ends `wait` early. The process is gone when it can no longer be signalled.
while :; do
  wait "$redis"
  code=$?
  kill -0 "$redis" 2>/dev/null || break
done

kill "$watcher" 2>/dev/null
rm -rf -- "$folder"
exit "$code"
