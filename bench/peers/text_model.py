"""What all peers compute from texts. As in sentence-transformers, texts are sorted by length, in batches of 32."""

import json
import os
import time

import numpy as np
from tokenizers import Tokenizer

import session

MAX_LENGTH = 256
BATCH = 32


def read(path):
    """Rows {"id", "text"}."""
    with open(path) as file:
        return [json.loads(line) for line in file if line.strip()]


class TextModel:
    def __init__(self, model, threads):
        self.session = session.load(model, threads)
        self.inputs = [one.name for one in self.session.get_inputs()]
        self.tokenizer = Tokenizer.from_file(os.path.join(os.path.dirname(model), "tokenizer.json"))
        self.tokenizer.enable_truncation(MAX_LENGTH)
        self.tokenizer.no_padding()

    def encode(self, texts, batch=BATCH):
        """-> (embeddings float32[N, 384], done_at float64[N]), in the order of the texts."""
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        embeddings, done_at = [None] * len(texts), np.zeros(len(texts))
        for start in range(0, len(order), batch):
            some = order[start : start + batch]
            for i, vector in zip(some, self.vectors([texts[i] for i in some])):
                embeddings[i] = vector
            done_at[some] = time.time()
        return np.stack(embeddings), done_at

    def vectors(self, texts):
        encoded = self.tokenizer.encode_batch(texts)
        length = max(len(one.ids) for one in encoded)
        ids = np.zeros((len(texts), length), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(encoded):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (states,) = self.session.run(None, {name: given[name] for name in self.inputs})
        weights = mask[..., None].astype(np.float32)
        means = (states * weights).sum(axis=1) / weights.sum(axis=1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)
