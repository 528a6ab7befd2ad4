#!/bin/sh
# Shepherd of one private Redis: sh shepherd.sh FOLDER COMMAND... ; COMMAND is redis-server and its options.
# Node cannot ask the kernel to end a child when the parent is killed with SIGKILL, and neither can every
# system; a pipe can. Standard input is a pipe whose only writer is the parent: when the parent is gone, for
# whatever reason, the pipe ends, and Redis is asked to stop (it then flushes its append-only file). FOLDER
# (socket, log, one-shot data) is deleted once Redis has stopped, however it came to stop.
# It runs in a session of its own, so that Ctrl-C in a terminal reaches the application alone, which drains
# while Redis still serves it.

PATH="${PATH:-}:/usr/bin:/bin"
folder=$1
shift

exec 3<&0
"$@" </dev/null 3<&- &
redis=$!
trap 'kill -TERM "$redis" 2>/dev/null' TERM INT HUP

# `read` is a builtin: no further process waits on the pipe.
(
  trap - TERM INT HUP
  while read -r _; do :; done
  kill -TERM "$redis" 2>/dev/null
) <&3 >/dev/null 2>&1 &
watcher=$!
exec 3<&-

# A trapped signal ends `wait` early; the process is really gone when it can no longer be signalled.
while :; do
  wait "$redis"
  code=$?
  kill -0 "$redis" 2>/dev/null || break
done

kill "$watcher" 2>/dev/null
rm -rf -- "$folder"
exit "$code"
