"""Reads a peer's Parquet back and prints one line of JSON: rows, right answers, and the time "once running".

Standard input: {"out": folder, "keys": [...], "truth": {key: class or embedding}, "running_since": time or null}. The
time "once running" is that between the first 15 % and the first 95 % of the rows. That leaves out start-up, and the tail
in which actors run out of work. With "running_since", it covers all rows from that time on.
"""

import json
import sys

import pyarrow.dataset

# With fewer batches, the figure depends on when the actors happen to finish.
LEAST_BATCHES = 8
# Embeddings from two versions of onnxruntime may differ by this much.
TOLERANCE = 1e-3


def is_right(answer, expected):
    if isinstance(expected, list):
        return all(abs(a - b) <= TOLERANCE for a, b in zip(answer["embedding"], expected, strict=True))
    return answer["classes"][0] == expected


task = json.load(sys.stdin)
rows = []
for row in pyarrow.dataset.dataset(task["out"], format="parquet").to_table().to_pylist():
    answer = row.get("answer", row)
    rows.append((answer["done_at"], row.get("path", row.get("id")), answer))
rows.sort(key=lambda row: row[:2])
if sorted(key for _, key, _ in rows) != sorted(task["keys"]):
    sys.exit(f"{len(rows)} results do not answer {len(task['keys'])} rows")
since = task.get("running_since")
first, last = rows[int(len(rows) * 0.15)][0], rows[int(len(rows) * 0.95) - 1][0]
if since is not None:
    first, last = since, rows[-1][0]
# Rows of a batch share one time. The first batch is left out, and the last one counts as a whole.
times = {at for at, _, _ in rows if first < at <= last}
between = sum(first < at <= last for at, _, _ in rows)
known = [(answer, task["truth"][key]) for _, key, answer in rows if key in task["truth"]]
running = {"from": first, "to": last, "rows": between} if len(times) >= LEAST_BATCHES else None
right = sum(is_right(answer, expected) for answer, expected in known)
print(json.dumps({"rows": len(rows), "right": right, "of": len(known), "running": running}))
