"""Embeds texts in a plain loop and prints one line of JSON. The results are Parquet.

--processes 1 --threads 2: one session that uses two cores.
--processes 2 --threads 1: one process per core, each with its share of the texts. Lengths are spread evenly.
"""

import json
import multiprocessing
import os
import time

import pyarrow
import pyarrow.parquet

import arguments_of_job


def run(number, rows, options, barrier, since):
    # Several processes have one core each, so their tokenizers use no threads.
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if options.processes == 1 else "false"
    import text_model

    model = text_model.TextModel(options.model, options.threads)
    barrier.wait()
    with since.get_lock():
        since.value = since.value or time.time()
    embeddings, done_at = model.encode([row["text"] for row in rows], options.batch)
    table = {"id": [row["id"] for row in rows], "embedding": list(embeddings), "done_at": done_at}
    pyarrow.parquet.write_table(pyarrow.table(table), os.path.join(options.out, f"{number}.parquet"))


def main():
    arguments = arguments_of_job.parser()
    arguments.add_argument("--processes", type=int, default=1)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--batch", type=int, default=32)
    options = arguments.parse_args()
    os.makedirs(options.out)
    with open(options.manifest) as file:
        rows = [json.loads(line) for line in file if line.strip()]
    rows.sort(key=lambda row: -len(row["text"]))
    context = multiprocessing.get_context("spawn")
    barrier, since = context.Barrier(options.processes), context.Value("d", 0.0)
    parts = [rows[number :: options.processes] for number in range(options.processes)]
    processes = [context.Process(target=run, args=(n, part, options, barrier, since)) for n, part in enumerate(parts)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode != 0 for process in processes):
        raise SystemExit("a process failed")
    # Sorted rows have no steady state, so the whole loop counts.
    print(json.dumps({"rows": len(rows), "running_since": since.value}))


if __name__ == "__main__":
    main()
