"""Measures Pillow for decode.js. Reads files and sizes as JSON from standard input, and prints CPU ms per image."""

import io
import json
import sys
import time

from PIL import Image


def crop(data, resize, side):
    image = Image.open(io.BytesIO(data)).convert("RGB")
    width, height = image.size
    if resize is not None:
        scale = resize / min(width, height)
        image = image.resize((round(width * scale), round(height * scale)), Image.Resampling.BICUBIC)
        width, height = image.size
    left, top = round((width - side) / 2), round((height - side) / 2)
    return image.crop((left, top, left + side, top + side)).tobytes()


task = json.load(sys.stdin)
images = [open(path, "rb").read() for path in task["files"]]
for image in images:
    crop(image, task["resize"], task["crop"])
start = time.process_time()
for _ in range(task["rounds"]):
    for image in images:
        crop(image, task["resize"], task["crop"])
print((time.process_time() - start) * 1000 / task["rounds"] / len(images))
