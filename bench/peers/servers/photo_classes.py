"""What all servers compute: the classes of photos, with the model and the pixels of the other peers."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from photo_model import PhotoModel, decode  # noqa: E402

MODEL = os.environ["PEER_MODEL"]
PORT = int(os.environ["PEER_PORT"])
CORES = int(os.environ["PEER_CORES"])
BATCH = int(os.environ["PEER_BATCH"])
WAIT_S = float(os.environ["PEER_WAIT_MS"]) / 1000


def load():
    """One intra-op thread, because there is a process for each core."""
    return PhotoModel(MODEL, 1)


def classify(model, bodies):
    """The bytes of photos -> a JSON object for each."""
    classes, scores, _ = model.answers([decode(body) for body in bodies])
    return [
        {"predictions": [{"index": int(i), "score": float(s)} for i, s in zip(row, of_row)]}
        for row, of_row in zip(classes, scores)
    ]
