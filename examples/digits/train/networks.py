"""The two networks.

They use only blocks of convolution, batch norm and ReLU, sums, a mean and one linear layer. So export.py can fold and
write them in a few standard operators.
"""

import torch
from torch import nn

CLASSES = 10


class ConvBlock(nn.Module):
    """3x3 convolution, batch norm, and ReLU if `relu`. [N, C, H, W] to [N, C', H/s, W/s]."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1, relu: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels_out)
        self.relu = relu

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.conv(x))
        return x.relu() if self.relu else x


class Residual(nn.Module):
    """The sum of the input and of two blocks applied to it."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = ConvBlock(channels, channels)
        self.second = ConvBlock(channels, channels, relu=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x + self.second(self.first(x))).relu()


class Digits(nn.Module):
    """A body, the mean over the picture, and a linear layer. [N, 3, 32, 32] to logits [N, 10]."""

    def __init__(self, body: list[nn.Module], channels: int):
        super().__init__()
        self.body = nn.Sequential(*body)
        self.head = nn.Linear(channels, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x).mean(dim=(2, 3)))


def digits_small() -> Digits:
    body = [ConvBlock(3, 8, 2), ConvBlock(8, 16, 2), ConvBlock(16, 24, 2), ConvBlock(24, 32)]
    return Digits(body, 32)


def digits_large() -> Digits:
    body = [
        ConvBlock(3, 24, 2),
        ConvBlock(24, 40, 2),
        Residual(40),
        ConvBlock(40, 64, 2),
        Residual(64),
    ]
    return Digits(body, 64)


def cost(network: Digits, side: int) -> tuple[int, int]:
    """Parameters after folding the batch norms, and multiply-adds for one row."""
    parameters = macs = 0

    def count(module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        nonlocal parameters, macs
        weight = module.weight.numel()
        parameters += weight + output.shape[1]
        macs += weight * (output.shape[2] * output.shape[3] if output.dim() == 4 else 1)

    leaves = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    hooks = [leaf.register_forward_hook(count) for leaf in leaves]
    network.eval()
    with torch.no_grad():
        network(torch.zeros(1, 3, side, side))
    for hook in hooks:
        hook.remove()
    return parameters, macs
