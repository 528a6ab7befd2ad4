"""Measures PyTorch on the same photos: a DataLoader decodes in several processes, and the GPU computes.

Arguments: folder of photos, seconds per model, batch size, decoding processes. Prints a line of JSON per model. The
weights are random, which costs the same as trained ones.
"""

import json
import os
import sys
import time

import torch
import torchvision
from PIL import Image
from torchvision import transforms

folder, seconds, batch, workers = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
device = "cuda" if torch.cuda.is_available() else "cpu"
paths = sorted(os.path.join(folder, name) for name in os.listdir(folder))
prepare = transforms.Compose(
    [
        transforms.Resize(256, interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
)


class Photos(torch.utils.data.Dataset):
    def __len__(self):
        return 1_000_000

    def __getitem__(self, index):
        return prepare(Image.open(paths[index % len(paths)]).convert("RGB"))


def rate(model):
    loader = torch.utils.data.DataLoader(
        Photos(), batch_size=batch, num_workers=workers, pin_memory=device == "cuda", prefetch_factor=4
    )
    rows, began = 0, None
    with torch.inference_mode():
        for number, images in enumerate(loader):
            scores = model(images.to(device, non_blocking=True))
            scores.softmax(1).topk(1).values.cpu()
            if number == 2:
                began = time.perf_counter()
            elif began is not None:
                rows += len(images)
                if time.perf_counter() - began > seconds:
                    break
    return rows / (time.perf_counter() - began)


for name in ("resnet50", "mobilenet_v2"):
    model = getattr(torchvision.models, name)(weights=None).eval().to(device)
    print(json.dumps({"model": name, "device": device, "torch": torch.__version__, "rate": rate(model)}), flush=True)
