"""Pillow's side of decode.js: CPU ms an image, from files named on standard input, one figure a repetition."""

import io
import json
import sys
import time

from PIL import Image

RESIZE, CROP = 256, 224


def crop(data):
    image = Image.open(io.BytesIO(data)).convert("RGB")
    width, height = image.size
    if width <= height:
        size = (RESIZE, round(RESIZE * height / width))
    else:
        size = (round(RESIZE * width / height), RESIZE)
    image = image.resize(size, Image.Resampling.BICUBIC)
    left, top = round((size[0] - CROP) / 2), round((size[1] - CROP) / 2)
    return image.crop((left, top, left + CROP, top + CROP)).tobytes()


task = json.load(sys.stdin)
images = [open(path, "rb").read() for path in task["files"]]
figures = []
for repetition in range(task["repeat"] + 1):
    start = time.process_time()
    for _ in range(task["rounds"]):
        for image in images:
            crop(image)
    if repetition > 0:
        figures.append((time.process_time() - start) * 1000 / task["rounds"] / len(images))
print(json.dumps(figures))
