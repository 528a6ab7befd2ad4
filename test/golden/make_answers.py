"""Makes reference answers for object detection and segmentation with NumPy, Pillow, pycocotools and onnxruntime.

Run it in this folder, in a virtual environment with
`pip install numpy==2.4.6 Pillow==13.0.0 onnxruntime==1.30.0 pycocotools==2.0.11`. It needs ../shared/data beside the
repository, and writes answers.json. The photos come from scikit-image and scikit-learn (public domain, CC0, CC BY).
"""

import json
import pathlib

import numpy as np
import onnxruntime
from PIL import Image
from pycocotools import mask as coco

HERE = pathlib.Path(__file__).parent
DATA = HERE.parents[2] / "shared" / "data"
PHOTOS = ["astronaut.png", "chelsea.png", "china.jpg", "coffee.png", "flower.jpg", "rocket.jpg"]


def session(name):
    return onnxruntime.InferenceSession(DATA / name, providers=["CPUExecutionProvider"])


def letterbox(image, side, shade):
    """The whole image in the top left corner of a square, as YOLOX places it."""
    scale = min(side / image.width, side / image.height)
    size = (round(image.width * scale), round(image.height * scale))
    square = Image.new("RGB", (side, side), (shade,) * 3)
    square.paste(image.resize(size, Image.Resampling.BILINEAR))
    return square, (size[0] / image.width, size[1] / image.height)


def yolox(run, image, threshold=0.05, iou=0.45, side=416):
    """Boxes [class, score, left, top, width, height], best first."""
    square, (across, down) = letterbox(image, side, 114)
    tensor = np.asarray(square)[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32)
    (found,) = run(tensor)[0]
    grids, sizes = [], []
    for stride in (8, 16, 32):
        y, x = np.meshgrid(np.arange(side // stride), np.arange(side // stride), indexing="ij")
        grids.append(np.stack([x.ravel(), y.ravel()], axis=1))
        sizes.append(np.full((x.size, 1), stride))
    grid, stride = np.concatenate(grids), np.concatenate(sizes)
    found = found.astype(np.float64)
    centre, size = (found[:, :2] + grid) * stride, np.exp(found[:, 2:4]) * stride
    boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
    labels = found[:, 5:].argmax(axis=1)
    scores = found[:, 4] * found[:, 5:].max(axis=1)
    order = [i for i in np.argsort(-scores, kind="stable") if scores[i] >= threshold]
    kept = []
    for i in order:
        if all(labels[i] != labels[j] or overlap(boxes[i], boxes[j]) <= iou for j in kept):
            kept.append(i)
    rows = []
    for i in kept:
        left, top, right, bottom = boxes[i] / np.array([across, down, across, down])
        left, right = np.clip([left, right], 0, image.width)
        top, bottom = np.clip([top, bottom], 0, image.height)
        rows.append([int(labels[i]), *(round(float(v), 4) for v in (scores[i], left, top, right - left, bottom - top))])
    return rows


def overlap(a, b):
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    both = np.prod(np.maximum(0, high - low))
    return both / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - both)


def projected(pixels, scale, kept, shift, cells, side):
    """For each pixel along an axis, its position in cells of the map. NaN if the pixel was cropped away."""
    resized = (np.arange(pixels) + 0.5) * scale
    place = (resized + shift) * cells / side
    return np.where((resized >= kept[0]) & (resized < kept[1]), place, np.nan)


def axes(source, resized, window, pad, input, cells):
    """`window`: left, top, width, height. All sizes are (width, height)."""
    return [
        projected(source[i], resized[i] / source[i], (window[i], window[i] + window[i + 2]), pad[i] - window[i], cells[i], input[i])
        for i in (0, 1)
    ]


def interpolated(numbers, columns, rows):
    """Bilinear, like torch's `interpolate(align_corners=False)`. Arrays are class x height x width."""

    def neighbours(places, cells):
        at = np.clip(np.nan_to_num(places) - 0.5, 0, cells - 1)
        first = np.floor(at).astype(int)
        return first, np.minimum(first + 1, cells - 1), at - first

    top, bottom, down = neighbours(rows, numbers.shape[1])
    left, right, across = neighbours(columns, numbers.shape[2])
    lines = numbers[:, top] * (1 - down)[:, None] + numbers[:, bottom] * down[:, None]
    return lines[:, :, left] * (1 - across) + lines[:, :, right] * across


def run_lengths(mask):
    return coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()


def waves(classes, height, width):
    """A map with known numbers, as in segment-output.test.ts."""
    c, y, x = np.mgrid[0:classes, 0:height, 0:width]
    return (3 * np.sin(x * (0.9 + 0.37 * c) + c) * np.cos(y * (0.7 + 0.21 * c))).astype(np.float32).astype(np.float64)


def softmax(numbers):
    powers = np.exp(numbers - numbers.max(axis=0))
    return powers / powers.sum(axis=0)


MAPS = [
    {"source": (61, 47), "input": (32, 24), "resize": (32, 24), "cells": (16, 12)},
    {"source": (200, 151), "input": (32, 24), "resize": (32, 24), "cells": (32, 24)},
    {"source": (80, 30), "input": (32, 32), "resize": "letterbox", "resized": (32, 12), "pad": (0, 10), "cells": (8, 8)},
    {"source": (51, 90), "input": (32, 32), "resize": 40, "resized": (40, 71), "window": (4, 20, 32, 32), "cells": (11, 9)},
]


def maps(classes=4):
    """The segments of `waves` per class in original pixels: from arg-max, a threshold, and class numbers."""
    cases = []
    for case in MAPS:
        resized = case.get("resized", case["input"])
        window = case.get("window", (0, 0, *resized))
        columns, rows = axes(case["source"], resized, window, case.get("pad", (0, 0)), case["input"], case["cells"])
        numbers = waves(classes, case["cells"][1], case["cells"][0])
        inside = ~(np.isnan(rows)[:, None] | np.isnan(columns))
        pixels = interpolated(numbers, columns, rows)
        best = np.where(inside, pixels.argmax(axis=0), -1)
        scores = softmax(pixels)
        above = inside & (1 / (1 + np.exp(-pixels)) >= 0.6)
        nearest = [np.minimum(np.floor(np.nan_to_num(p)).astype(int), n - 1) for p, n in ((rows, case["cells"][1]), (columns, case["cells"][0]))]
        own = np.where(inside, numbers.argmax(axis=0)[nearest[0]][:, nearest[1]], -1)
        cases.append(
            {
                "source": case["source"],
                "input": case["input"],
                "resize": case["resize"],
                "cells": case["cells"],
                "best": [run_lengths(best == c) for c in range(classes)],
                "scores": [round(float(scores[c][best == c].mean()), 4) if (best == c).any() else None for c in range(classes)],
                "above": [run_lengths(above[c]) for c in range(classes)],
                "numbers": [run_lengths(own == c) for c in range(classes)],
            }
        )
    return cases


def text_map():
    """The text that the OCR detector finds in a rendered page. Its map has one class and the size of its input."""
    page = Image.open(DATA / "open" / "ocr" / "invoice.png").convert("RGB")
    size = (640, 352)
    pixels = np.asarray(page.resize(size, Image.Resampling.BILINEAR), dtype=np.float64)[..., ::-1]
    tensor = (pixels / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    tensor = tensor.transpose(2, 0, 1)[None].astype(np.float32)
    (found,) = session("open/ocr/det.onnx").run(None, {"x": tensor})[0]
    columns, rows = axes(page.size, size, (0, 0, *size), (0, 0), size, size)
    mask = interpolated(found.astype(np.float64), columns, rows)[0] >= 0.3
    return {"area": int(mask.sum()), "counts": run_lengths(mask)}


def main():
    detector = session("models/yolox-nano.onnx")
    run = lambda tensor: detector.run(None, {"images": tensor})
    photos = {name: Image.open(DATA / "open" / "images" / name).convert("RGB") for name in PHOTOS}
    answers = {name: yolox(run, image) for name, image in photos.items()}
    found = {"yolox": answers, "maps": maps(), "text_map": text_map()}
    (HERE / "answers.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
