"""Runs the job with Daft on its native runner and prints one line of JSON.

Daft downloads and decodes, a class UDF holds the model, and the results are Parquet. The plans:
--plan udf: Daft downloads the files, Pillow decodes in the UDF.
--plan native: Daft's own JPEG decoder, Pillow resizes in the UDF.
--plan paths: the UDF opens the files.
--plan table: Daft reads Parquet, and Pillow decodes in the UDF. The manifest names the folder of a table (photo_table.py).
--plan resized: Daft decodes and resizes to 256 x 256. That is different work, because it loses the aspect ratio and does
not use Pillow's filter.
"""

import json
import time

began = time.time()

import daft_start  # noqa: E402, F401

import daft  # noqa: E402
from daft import DataType, col  # noqa: E402
from PIL import Image  # noqa: E402

import arguments_of_job  # noqa: E402
import photo_model  # noqa: E402

arguments = arguments_of_job.parser()
arguments.add_argument("--plan", choices=["udf", "native", "paths", "resized", "table"], default="udf")
arguments.add_argument("--instances", type=int, default=2)
arguments.add_argument("--threads", type=int, default=1)
arguments.add_argument("--batch", type=int, default=16)
arguments.add_argument("--process", choices=["yes", "no", "auto"], default="auto")
options = arguments.parse_args()

PROCESS = {"yes": True, "no": False, "auto": None}[options.process]
ANSWER = DataType.struct(
    {
        "classes": DataType.list(DataType.int64()),
        "scores": DataType.list(DataType.float32()),
        "done_at": DataType.float64(),
    }
)


@daft.cls(max_concurrency=options.instances, use_process=PROCESS)
class Classify:
    def __init__(self, model, threads):
        self.model = photo_model.PhotoModel(model, threads)

    @daft.method.batch(return_dtype=ANSWER, batch_size=options.batch)
    def __call__(self, images):
        crops = [crop(image) for image in images.to_pylist()]
        classes, scores, done_at = self.model.answers(crops)
        answers = zip(classes.tolist(), scores.tolist(), done_at.tolist())
        return [{"classes": c, "scores": s, "done_at": d} for c, s, d in answers]


def crop(image):
    if options.plan in ("udf", "table"):
        return photo_model.decode(image)
    if options.plan == "paths":
        return photo_model.decode_file(image)
    return photo_model.crop_of(Image.fromarray(image))


with open(options.manifest) as file:
    paths = file.read().split("\n")
daft.set_runner_native()
started = time.time()
if options.plan == "table":
    rows, key, image = daft.read_parquet(paths), "id", col("image")["bytes"]
else:
    rows, key, image = daft.from_pydict({"path": paths}), "path", col("path")
if options.plan not in ("paths", "table"):
    image = image.download()
if options.plan in ("native", "resized"):
    image = image.decode_image(mode="RGB")
if options.plan == "resized":
    image = image.resize(256, 256)
classify = Classify(options.model, options.threads)
rows = rows.with_column("image", image).select(key, classify(col("image")).alias("answer"))
rows.write_parquet(options.out)
print(json.dumps({"rows": len(paths), "started_after_s": started - began, "job_s": time.time() - started}))
