"""Reads pictures and labels from disk into uint8 arrays, with the preprocessing that model.json declares.

Resizing is Pillow's bilinear. evaluate.js resizes with libvips (kernel linear), which differs by a fraction of one
level of 255 on average. Knows nothing of networks.
"""

import json
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 32
"""The shorter side after resizing, and the side of the centre crop, in pixels."""


def load_picture(path: Path) -> np.ndarray:
    """One JPEG file as uint8 [3, SIDE, SIDE] in RGB: shorter side to SIDE, then centre crop (as torchvision)."""
    picture = Image.open(path).convert("RGB")
    width, height = picture.size
    short = min(width, height)
    size = (int(SIDE * width / short), int(SIDE * height / short))
    picture = picture.resize(size, Image.Resampling.BILINEAR)
    left, top = round((size[0] - SIDE) / 2), round((size[1] - SIDE) / 2)
    picture = picture.crop((left, top, left + SIDE, top + SIDE))
    return np.asarray(picture).transpose(2, 0, 1)


def load_set(root: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """All pictures of `root/name`, uint8 [N, 3, SIDE, SIDE], and their labels, int64 [N], in row order."""
    rows = []
    for labels in root.glob(f"{name}-*.jsonl"):
        rows += [json.loads(line) for line in labels.read_text().splitlines()]
    rows.sort(key=lambda row: row["id"])
    with Pool(2) as pool:
        pictures = pool.map(load_picture, [root / name / row["id"] for row in rows], chunksize=500)
    return np.stack(pictures), np.array([int(row["label"]) for row in rows])
