"""Embeds texts with Ray Data and prints one line of JSON. A pool of actors holds the model, and the results are Parquet."""

import json
import os
import time

began = time.time()
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import ray_start  # noqa: E402

import ray  # noqa: E402

import arguments_of_job  # noqa: E402
import text_model  # noqa: E402

arguments = arguments_of_job.parser()
arguments.add_argument("--actors", type=int, default=2)
arguments.add_argument("--actor-cpus", type=float, default=0.5)
arguments.add_argument("--task-cpus", type=float, default=0.5)
arguments.add_argument("--threads", type=int, default=1)
arguments.add_argument("--batch", type=int, default=128, help="texts that an actor sorts together")
options = arguments.parse_args()


class Embed:
    def __init__(self, model, threads):
        self.model = text_model.TextModel(model, threads)

    def __call__(self, batch):
        embeddings, done_at = self.model.encode([str(text) for text in batch["text"]])
        return {"id": batch["id"], "embedding": embeddings, "done_at": done_at}


texts = text_model.read(options.manifest)
ray_start.start(options.cores)
started = time.time()
rows = ray.data.from_items(texts).map_batches(
    Embed,
    fn_constructor_args=(options.model, options.threads),
    compute=ray.data.ActorPoolStrategy(size=options.actors),
    batch_size=options.batch,
    num_cpus=options.actor_cpus,
)
rows.write_parquet(options.out, ray_remote_args={"num_cpus": options.task_cpus})
print(json.dumps({"rows": len(texts), "started_after_s": started - began, "job_s": time.time() - started}))
