"""Reads a peer's Parquet back and prints one line of JSON: rows, right answers, and the rate once running.

Standard input: {"out": folder, "paths": [...], "truth": {path: class}}. The rate covers the rows between the first 15 %
and the first 95 %. That leaves out start-up, and the tail in which actors run out of work.
"""

import json
import sys

import pyarrow.dataset

# With fewer batches, the figure depends on how two actors happen to end together.
LEAST_BATCHES = 8

task = json.load(sys.stdin)
rows = []
for row in pyarrow.dataset.dataset(task["out"], format="parquet").to_table().to_pylist():
    answer = row.get("answer", row)
    rows.append((answer["done_at"], row["path"], answer["classes"][0]))
rows.sort()
if sorted(path for _, path, _ in rows) != sorted(task["paths"]):
    sys.exit(f"{len(rows)} results do not answer {len(task['paths'])} rows")
first, last = rows[int(len(rows) * 0.15)][0], rows[int(len(rows) * 0.95) - 1][0]
# Rows of a batch share one time. The first batch is left out, and the last one counts as a whole.
times = {at for at, _, _ in rows if first < at <= last}
between = sum(first < at <= last for at, _, _ in rows)
answers = {path: found for _, path, found in rows if path in task["truth"]}
right = sum(found == task["truth"][path] for path, found in answers.items())
steady = between / (last - first) if len(times) >= LEAST_BATCHES else None
print(json.dumps({"rows": len(rows), "right": right, "of": len(answers), "steady_rows_per_s": steady}))
