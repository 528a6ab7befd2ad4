"""Embeds texts with Daft on its native runner and prints one line of JSON. A class UDF holds the model."""

import json
import os
import time

began = time.time()
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import daft_start  # noqa: E402, F401

import daft  # noqa: E402
from daft import DataType, col  # noqa: E402

import arguments_of_job  # noqa: E402
import text_model  # noqa: E402

arguments = arguments_of_job.parser()
arguments.add_argument("--instances", type=int, default=2)
arguments.add_argument("--threads", type=int, default=1)
arguments.add_argument("--batch", type=int, default=128, help="texts that an instance sorts together")
arguments.add_argument("--process", choices=["yes", "no", "auto"], default="auto")
options = arguments.parse_args()

PROCESS = {"yes": True, "no": False, "auto": None}[options.process]
ANSWER = DataType.struct({"embedding": DataType.list(DataType.float32()), "done_at": DataType.float64()})


@daft.cls(max_concurrency=options.instances, use_process=PROCESS)
class Embed:
    def __init__(self, model, threads):
        self.model = text_model.TextModel(model, threads)

    @daft.method.batch(return_dtype=ANSWER, batch_size=options.batch)
    def __call__(self, texts):
        embeddings, done_at = self.model.encode(texts.to_pylist())
        return [{"embedding": e, "done_at": d} for e, d in zip(embeddings.tolist(), done_at.tolist())]


texts = text_model.read(options.manifest)
daft.set_runner_native()
started = time.time()
rows = daft.from_pydict({key: [row[key] for row in texts] for key in ("id", "text")})
embed = Embed(options.model, options.threads)
rows.select("id", embed(col("text")).alias("answer")).write_parquet(options.out)
figures = {"rows": len(texts), "started_after_s": started - began, "job_s": time.time() - started}
print(json.dumps(figures), flush=True)
# The results are on disk. Daft's threads sometimes crash the interpreter while it ends.
os._exit(0)
