"""Write trained weights as qa/reader.onnx or qa/checker.onnx: `python -m eval.train.export WEIGHTS…` (averaged).

The graph is put together here of onnxruntime's own operators: what torch's exporter gives of the same network takes a
quarter longer. Matrices are in 8 bits, activations are quantized as they come. Needs the extra `train`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

QA = Path(__file__).parents[2] / "qa"
NAMES = {3: "reader", 2: "checker"}
"""What a network is by the numbers that it gives for a token."""
HEADS, LAYERS, HIDDEN = 12, 12, 384
_OWN = "com.microsoft"


class Graph:
    """Operators and weights in the order in which they are added."""

    def __init__(self, weights: Mapping[str, torch.Tensor]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._weights = weights

    def weight(self, name: str) -> NDArray[np.float32]:
        """A trained weight of the encoder."""
        return self._weights[f"encoder.{name}"].float().numpy()

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Keep a value in the file; its name."""
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, inputs: list[str], *outputs: str, domain: str = "", **attributes: float) -> str:
        """Add an operator; its first output."""
        self.nodes.append(helper.make_node(operator, inputs, list(outputs), outputs[0], domain=domain, **attributes))
        return outputs[0]

    def linear(self, name: str, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """`x` times a matrix, plus a bias."""
        product = self.add("MatMul", [x, self.constant(f"{name}.weight", weight.T)], f"{name}.product")
        return self.add("Add", [product, self.constant(f"{name}.bias", bias)], name)

    def normalized(self, name: str, x: str, at: str) -> str:
        """Layer normalization with the weights at `at`."""
        scale = self.constant(f"{name}.scale", self.weight(f"{at}.weight"))
        shift = self.constant(f"{name}.shift", self.weight(f"{at}.bias"))
        return self.add("LayerNormalization", [x, scale, shift], name, axis=-1, epsilon=1e-12)


def graph_of(weights: Mapping[str, torch.Tensor]) -> onnx.ModelProto:
    """The network: word embeddings (batch x tokens x 384) and mask to scores (batch x tokens x numbers)."""
    g = Graph(weights)
    positions = g.weight("embeddings.position_embeddings.weight")
    positions = positions + g.weight("embeddings.token_type_embeddings.weight")[0]
    g.add("Shape", ["embeddings"], "length", start=1, end=2)
    zero = g.constant("zero", np.zeros(1, np.int64))
    places = g.add("Slice", [g.constant("positions", positions), zero, "length", zero], "places")
    x = g.normalized("layer0", g.add("Add", ["embeddings", places], "placed"), "embeddings.LayerNorm")
    for layer in range(LAYERS):
        at, n = f"encoder.layer.{layer}", f"layer{layer + 1}"
        parts = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
        joined = g.linear(
            f"{n}.qkv",
            x,
            np.concatenate([g.weight(f"{part}.weight") for part in parts]),
            np.concatenate([g.weight(f"{part}.bias") for part in parts]),
        )
        q, k, v = f"{n}.q", f"{n}.k", f"{n}.v"
        g.add("Split", [joined], q, k, v, axis=-1, num_outputs=3)
        attended = g.add("MultiHeadAttention", [q, k, v, "", "mask"], f"{n}.attended", domain=_OWN, num_heads=HEADS)
        out = f"{at}.attention.output"
        attended = g.linear(f"{n}.out", attended, g.weight(f"{out}.dense.weight"), g.weight(f"{out}.dense.bias"))
        x = g.normalized(f"{n}.middle", g.add("Add", [attended, x], f"{n}.sum1"), f"{out}.LayerNorm")
        product = g.add(
            "MatMul", [x, g.constant(f"{n}.up", g.weight(f"{at}.intermediate.dense.weight").T)], f"{n}.wide"
        )
        bias = g.constant(f"{n}.up.bias", g.weight(f"{at}.intermediate.dense.bias"))
        wide = g.add("BiasGelu", [product, bias], f"{n}.gelu", domain=_OWN)
        out = f"{at}.output"
        narrow = g.linear(f"{n}.down", wide, g.weight(f"{out}.dense.weight"), g.weight(f"{out}.dense.bias"))
        x = g.normalized(n, g.add("Add", [narrow, x], f"{n}.sum2"), f"{out}.LayerNorm")
    numbers = len(weights["head.bias"])
    head = g.constant("head.weight", weights["head.weight"].float().numpy().T)
    product = g.add("MatMul", [x, head], "head")
    g.add("Add", [product, g.constant("head.bias", weights["head.bias"].float().numpy())], "scores")
    graph = helper.make_graph(
        g.nodes,
        NAMES[numbers],
        [
            helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["batch", "tokens", HIDDEN]),
            helper.make_tensor_value_info("mask", TensorProto.INT32, ["batch", "tokens"]),
        ],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", "tokens", numbers])],
        g.initializers,
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(_OWN, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def averaged(weights: Sequence[Mapping[str, torch.Tensor]]) -> Mapping[str, torch.Tensor]:
    """The mean of several networks' weights, which were trained one from the other."""
    return {
        name: torch.stack([each[name] for each in weights]).mean(0) if value.is_floating_point() else value
        for name, value in weights[0].items()
    }


def quantize(source: Path, target: Path) -> None:
    """Matrices to 8 bits, one scale a column; the head stays in 32."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        source,
        target,
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        nodes_to_exclude=["head"],
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )


def main() -> None:
    """Build, quantize, write."""
    parser = argparse.ArgumentParser(description="Write qa/reader.onnx or qa/checker.onnx.")
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, help="another file")
    parser.add_argument("--float", action="store_true", help="leave the matrices in 32 bits")
    options = parser.parse_args()
    model = graph_of(averaged([torch.load(path) for path in options.weights]))
    out = options.out or QA / f"{model.graph.name}.onnx"
    if options.float:
        onnx.save(model, out)
        return
    with tempfile.TemporaryDirectory() as work:
        whole = Path(work) / "whole.onnx"
        onnx.save(model, whole)
        quantize(whole, out)


if __name__ == "__main__":
    main()
