"""Trains digits-small and digits-large on .data/ and exports them beside ../models/*/model.json.

This is one seeded run, and its output is train.log. Validation rows select nothing, because the last weights are taken.
"""

import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from data import SIDE, load_set
from export import export
from networks import Digits, cost, digits_large, digits_small
from torch import nn

HERE = Path(__file__).parent
DATA = HERE / ".data"
MODELS = HERE.parent / "models"
SEED = 20261122
MEAN, STD = 0.5, 0.25
"""The values of model.json, the same for every channel. They apply to pixels scaled to 0..1."""
BATCH = 128


def normalised(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 0..255 to the network's input."""
    return (pictures.float() / 255 - MEAN) / STD


def train(network: Digits, pictures: torch.Tensor, labels: torch.Tensor, epochs: int, rate: float) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.02)
    steps = epochs * (len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps, pct_start=0.2)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.02)
    for epoch in range(epochs):
        network.train()
        began, total, right, seen = time.monotonic(), 0.0, 0, 0
        for rows in torch.randperm(len(labels)).split(BATCH):
            if len(rows) < BATCH:
                continue
            batch, truth = normalised(pictures[rows]), labels[rows]
            logits = network(batch)
            loss = loss_of(logits, truth)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(rows)
            right += int((logits.argmax(1) == truth).sum())
            seen += len(rows)
        seconds = time.monotonic() - began
        print(
            f"  epoch {epoch + 1}/{epochs}: loss {total / seen:.4f}, "
            f"accuracy in training {right / seen:.4f}, {seconds:.0f} s",
            flush=True,
        )


def check(path: Path, network: Digits, pictures: torch.Tensor, labels: torch.Tensor) -> None:
    """Prints the accuracy of the exported file in onnxruntime, and its largest difference from PyTorch."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    batch = normalised(pictures)
    (logits,) = session.run(None, {"image": batch.numpy()})
    with torch.no_grad():
        difference = np.abs(logits - network(batch).numpy()).max()
    accuracy = float((logits.argmax(1) == labels.numpy()).mean())
    print(
        f"  {path.name}: {path.stat().st_size / 1e3:.0f} kB, validation accuracy {accuracy:.4f} "
        f"({len(labels)} rows), largest difference of a logit from PyTorch {difference:.1e}",
        flush=True,
    )


def main() -> None:
    torch.manual_seed(SEED)
    # One thread adds in a fixed order, so a run gives the same weights again. It also never waits for other threads.
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, numpy {np.__version__}, onnxruntime {onnxruntime.__version__}, seed {SEED}")
    pictures, labels = (torch.from_numpy(array) for array in load_set(DATA, "train"))
    validation = tuple(torch.from_numpy(array) for array in load_set(DATA, "validation"))
    print(f"{len(labels)} training rows, {len(validation[1])} validation rows, {SIDE} x {SIDE} pixels", flush=True)
    plans = [("digits-small", digits_small, 5, 8e-3), ("digits-large", digits_large, 3, 3e-3)]
    for name, make, epochs, rate in plans:
        network = make().to(memory_format=torch.channels_last)
        parameters, macs = cost(network, SIDE)
        print(f"{name}: {parameters} parameters, {macs / 1e6:.2f} M multiply-adds a row", flush=True)
        train(network, pictures, labels, epochs, rate)
        network = network.to(memory_format=torch.contiguous_format).eval()
        (MODELS / name).mkdir(parents=True, exist_ok=True)
        path = MODELS / name / "model.onnx"
        export(network, name, SIDE, path)
        check(path, network, *validation)


if __name__ == "__main__":
    main()
