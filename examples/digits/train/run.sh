#!/bin/sh
# Generates the pictures, trains both models, exports them and writes train.log. Run setup.sh first.
# Training and validation have their own seeds. Seed 1 stays unseen, for evaluation.
set -eu
cd "$(dirname "$0")"
generate() { # name, seed, start, count
  node ../generate.js --out ".data/$1" --labels ".data/$1-$3.jsonl" --seed "$2" --start "$3" --count "$4"
}
mkdir -p .data
# Two processes at once, because one process paints on one thread.
generate train 7001 0 80000 &
first=$!
generate train 7001 80000 80000
wait "$first"
generate validation 7002 0 5000
export ORT_DISABLE_TELEMETRY=1
.venv/bin/python train.py > train.log
cat train.log
