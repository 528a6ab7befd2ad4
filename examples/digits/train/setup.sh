#!/bin/sh
# Creates .venv beside this script, with all that training needs, in the versions of train.log.
set -eu
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install --quiet --requirement requirements.txt
