"""Runs the job with Ray Data and prints one line of JSON.

Ray Data reads and decodes, a pool of actors holds the model, and the results are Parquet. The plans:
--plan actor: read_binary_files, and the actors decode.
--plan map: a stage of tasks before the actors decodes with Pillow.
--plan images: read_images, and tasks resize, as in the batch inference guide.
--plan paths: the actors open the files.
--plan table: read_parquet, and the actors decode. The manifest names the folder of a table (photo_table.py).
"""

import json
import time

began = time.time()

import ray_start  # noqa: E402

import ray  # noqa: E402
from PIL import Image  # noqa: E402

import arguments_of_job  # noqa: E402
import photo_model  # noqa: E402

arguments = arguments_of_job.parser()
arguments.add_argument("--plan", choices=["actor", "map", "images", "paths", "table"], default="actor")
arguments.add_argument("--actors", type=int, default=2)
arguments.add_argument("--actor-cpus", type=float, default=0.5)
arguments.add_argument("--task-cpus", type=float, default=0.5)
arguments.add_argument("--threads", type=int, default=1)
arguments.add_argument("--batch", type=int, default=16)
arguments.add_argument("--blocks", type=int, default=0, help="0 lets Ray choose")
options = arguments.parse_args()


class Classify:
    def __init__(self, model, threads):
        self.model = photo_model.PhotoModel(model, threads)

    def __call__(self, batch):
        if "crop" in batch:
            crops = batch["crop"]
        elif "image" in batch:
            crops = [photo_model.decode(image["bytes"]) for image in batch["image"]]
        elif "bytes" in batch:
            crops = [photo_model.decode(data) for data in batch["bytes"]]
        else:
            crops = [photo_model.decode_file(path) for path in batch["path"]]
        classes, scores, done_at = self.model.answers(crops)
        key = "id" if "id" in batch else "path"
        return {key: batch[key], "classes": classes, "scores": scores, "done_at": done_at}


def decode_row(row):
    return {"path": row["path"], "crop": photo_model.decode(row["bytes"])}


def crop_row(row):
    return {"path": row["path"], "crop": photo_model.crop_of(Image.fromarray(row["image"]))}


with open(options.manifest) as file:
    paths = file.read().split("\n")
ray_start.start(options.cores)
started = time.time()

reading = {"override_num_blocks": options.blocks or None, "num_cpus": options.task_cpus}
if options.plan == "paths":
    rows = ray.data.from_items([{"path": path} for path in paths], override_num_blocks=options.blocks or None)
elif options.plan == "table":
    rows = ray.data.read_parquet(paths, **reading)
elif options.plan == "images":
    rows = ray.data.read_images(paths, mode="RGB", include_paths=True, **reading)
    rows = rows.map(crop_row, num_cpus=options.task_cpus)
else:
    rows = ray.data.read_binary_files(paths, include_paths=True, **reading)
    if options.plan == "map":
        rows = rows.map(decode_row, num_cpus=options.task_cpus)
rows = rows.map_batches(
    Classify,
    fn_constructor_args=(options.model, options.threads),
    compute=ray.data.ActorPoolStrategy(size=options.actors),
    batch_size=options.batch,
    num_cpus=options.actor_cpus,
)
rows.write_parquet(options.out, ray_remote_args={"num_cpus": options.task_cpus})
print(json.dumps({"rows": len(paths), "started_after_s": started - began, "job_s": time.time() - started}))
