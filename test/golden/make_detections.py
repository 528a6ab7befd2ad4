"""Makes the references of object detection and image segmentation, with NumPy, Pillow, pycocotools and onnxruntime.

Run it in this folder, in a virtual environment with
`pip install numpy==2.4.6 Pillow==13.0.0 onnxruntime==1.30.0 pycocotools==2.0.11`. It needs ../shared/data beside the
repository, and writes detections.json. The photos come from scikit-image and scikit-learn (public domain, CC0, CC BY).
"""

import json
import pathlib

import numpy as np
import onnxruntime
from PIL import Image

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


def main():
    detector = session("models/yolox-nano.onnx")
    run = lambda tensor: detector.run(None, {"images": tensor})
    photos = {name: Image.open(DATA / "open" / "images" / name).convert("RGB") for name in PHOTOS}
    answers = {name: yolox(run, image) for name, image in photos.items()}
    (HERE / "detections.json").write_text(json.dumps({"yolox": answers}, indent=1) + "\n")


if __name__ == "__main__":
    main()
