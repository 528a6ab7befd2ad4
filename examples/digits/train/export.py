"""Writes a trained network as ONNX, with folded batch norms, opset 17 and a symbolic batch dimension.

It builds the graph by hand with onnx.helper. So the graph has only the six operators below, with readable names.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from networks import CLASSES, ConvBlock, Digits, Residual
from onnx import TensorProto, helper, numpy_helper
from torch.nn.utils.fusion import fuse_conv_bn_eval

OPSET = 17
IR_VERSION = 8


class Writer:
    """Collects nodes and weights. Every method takes and returns names of tensors."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, operator: str, inputs: list[str], name: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def weight(self, name: str, value: torch.Tensor) -> str:
        self.weights.append(numpy_helper.from_array(value.detach().numpy().astype(np.float32), name))
        return name

    def block(self, x: str, block: ConvBlock, name: str) -> str:
        conv = fuse_conv_bn_eval(block.conv, block.norm)
        inputs = [x, self.weight(f"{name}.weight", conv.weight), self.weight(f"{name}.bias", conv.bias)]
        x = self.node("Conv", inputs, name, kernel_shape=[3, 3], pads=[1] * 4, strides=list(conv.stride))
        return self.node("Relu", [x], f"{name}.relu") if block.relu else x

    def residual(self, x: str, residual: Residual, name: str) -> str:
        y = self.block(x, residual.first, f"{name}.first")
        y = self.block(y, residual.second, f"{name}.second")
        return self.node("Relu", [self.node("Add", [x, y], f"{name}.sum")], f"{name}.relu")


def export(network: Digits, name: str, side: int, path: Path) -> None:
    """Writes `path`: input "image" float32 [N, 3, side, side], output "logits" float32 [N, 10]."""
    network.eval()
    writer = Writer()
    x = "image"
    for i, module in enumerate(network.body):
        write = writer.residual if isinstance(module, Residual) else writer.block
        x = write(x, module, f"{type(module).__name__.lower()}{i}")
    x = writer.node("Flatten", [writer.node("GlobalAveragePool", [x], "mean")], "features")
    head = [x, writer.weight("head.weight", network.head.weight), writer.weight("head.bias", network.head.bias)]
    writer.node("Gemm", head, "logits", transB=1)
    graph = helper.make_graph(
        writer.nodes,
        name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, side, side])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CLASSES])],
        writer.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
