#!/bin/sh
# Makes .venv beside this script with all that training needs: versions are those of train.log.
set -eu
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install --quiet --requirement requirements.txt
