"""What both peers compute: Pillow decodes, resizes and crops, then the model runs. Independent of Ray and Daft."""

import io
import time

import numpy as np
from PIL import Image

import session

RESIZE, CROP = 256, 224
MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
TOP_K = 5


def crop_of(image):
    """A Pillow image -> uint8[224, 224, 3]: shorter side 256, bicubic, centre crop."""
    image = image.convert("RGB")
    width, height = image.size
    scale = RESIZE / min(width, height)
    image = image.resize((round(width * scale), round(height * scale)), Image.Resampling.BICUBIC)
    width, height = image.size
    left, top = round((width - CROP) / 2), round((height - CROP) / 2)
    return np.asarray(image.crop((left, top, left + CROP, top + CROP)))


def decode(data):
    return crop_of(Image.open(io.BytesIO(data)))


def decode_file(path):
    with Image.open(path) as image:
        return crop_of(image)


class PhotoModel:
    def __init__(self, model, threads):
        self.session = session.load(model, threads)
        self.input = self.session.get_inputs()[0].name

    def answers(self, crops):
        """uint8[N, 224, 224, 3] -> (classes int64[N, 5], scores float32[N, 5], done_at float64[N])."""
        pixels = (np.stack(crops).astype(np.float32) * np.float32(1 / 255) - MEAN) / STD
        tensor = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
        (logits,) = self.session.run(None, {self.input: tensor})
        exp = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores = exp / exp.sum(axis=1, keepdims=True)
        classes = np.argsort(-scores, axis=1)[:, :TOP_K]
        top = np.take_along_axis(scores, classes, axis=1)
        return classes, top, np.full(len(classes), time.time())
