"""Builds the transformer of multilingual-e5-small as an ONNX file, in fp32 or int8.

The word table stays outside the graph (:meth:`knowledge.e5_weights.Weights.words` reads single rows of the
mapped file), so the int8 file is 22 MB and is made in a few seconds. Input ``embeds`` (batch, tokens, hidden)
is the sum of word, position and type rows; ``mask`` (batch, tokens) is 1 for tokens and 0 for padding; output
``vector`` (batch, hidden) is the mean over tokens, of length 1. Post-norm BERT with exact GELU.
"""

import argparse
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from knowledge.e5_weights import Floats, Weights

OPSET = 17
_NEVER = -10_000.0


class _Graph:
    """Collects nodes and initializers; names are made from one counter."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._made = 0

    def constant(self, values: Any) -> str:
        self._made += 1
        name = f"c{self._made}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        self._made += 1
        names = [f"n{self._made}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=f"{kind}_{self._made}", **attributes))
        return names if outputs > 1 else names[0]

    def linear(self, x: str, *, weight: Floats, bias: Floats) -> str:
        product = self.op("MatMul", x, self.constant(weight.T.astype(np.float32)))
        return str(self.op("Add", product, self.constant(bias)))


def _norm(graph: _Graph, x: str, *, weights: Weights, name: str) -> str:
    scale = graph.constant(weights.tensor(f"{name}.w"))
    bias = graph.constant(weights.tensor(f"{name}.b"))
    return str(graph.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=weights.shape.epsilon))


def _attention(graph: _Graph, x: str, *, weights: Weights, layer: int, blocked: str) -> str:
    shape = weights.shape
    per_head = shape.hidden // shape.heads
    weight = np.concatenate([weights.matrix(f"l{layer}.{p}.w", rows=shape.hidden) for p in "qkv"])
    bias = np.concatenate([weights.tensor(f"l{layer}.{p}.b") for p in "qkv"])
    weight[: shape.hidden] /= math.sqrt(per_head)
    bias[: shape.hidden] /= math.sqrt(per_head)
    parts = graph.op("Split", graph.linear(x, weight=weight, bias=bias), outputs=3, axis=-1)
    split = graph.constant(np.array([0, 0, shape.heads, per_head], dtype=np.int64))
    query, key, value = (graph.op("Reshape", part, split) for part in parts)
    query = graph.op("Transpose", query, perm=[0, 2, 1, 3])
    key = graph.op("Transpose", key, perm=[0, 2, 3, 1])
    value = graph.op("Transpose", value, perm=[0, 2, 1, 3])
    scores = graph.op("Add", graph.op("MatMul", query, key), blocked)
    mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)
    joined = graph.constant(np.array([0, 0, shape.hidden], dtype=np.int64))
    mixed = graph.op("Reshape", graph.op("Transpose", mixed, perm=[0, 2, 1, 3]), joined)
    weight = weights.matrix(f"l{layer}.ao.w", rows=shape.hidden)
    return graph.linear(mixed, weight=weight, bias=weights.tensor(f"l{layer}.ao.b"))


def _gelu(graph: _Graph, x: str) -> str:
    """Exact GELU: x · 0.5 · (1 + erf(x / √2))."""
    inner = graph.op("Erf", graph.op("Div", x, graph.constant(np.float32(math.sqrt(2.0)))))
    inner = graph.op("Add", inner, graph.constant(np.float32(1.0)))
    return str(graph.op("Mul", graph.op("Mul", x, inner), graph.constant(np.float32(0.5))))


def _layer(graph: _Graph, x: str, *, weights: Weights, layer: int, blocked: str) -> str:
    shape = weights.shape
    mixed = _attention(graph, x, weights=weights, layer=layer, blocked=blocked)
    x = _norm(graph, graph.op("Add", x, mixed), weights=weights, name=f"l{layer}.aln")
    widened = graph.linear(
        x,
        weight=weights.matrix(f"l{layer}.fi.w", rows=shape.feed_forward),
        bias=weights.tensor(f"l{layer}.fi.b"),
    )
    narrowed = graph.linear(
        _gelu(graph, widened),
        weight=weights.matrix(f"l{layer}.fo.w", rows=shape.hidden),
        bias=weights.tensor(f"l{layer}.fo.b"),
    )
    return _norm(graph, graph.op("Add", x, narrowed), weights=weights, name=f"l{layer}.oln")


def _pool(graph: _Graph, x: str, *, mask: str) -> None:
    axis = graph.constant(np.array([1], dtype=np.int64))
    column = graph.op("Unsqueeze", mask, graph.constant(np.array([2], dtype=np.int64)))
    total = graph.op("ReduceSum", graph.op("Mul", x, column), axis, keepdims=0)
    mean = graph.op("Div", total, graph.op("ReduceSum", mask, axis, keepdims=1))
    length = graph.op("ReduceL2", mean, axes=[1], keepdims=1)
    graph.nodes.append(helper.make_node("Div", [mean, length], ["vector"], name="normalise"))


def build(weights: Weights) -> Any:
    """Return the fp32 graph as an ``onnx.ModelProto``."""
    graph = _Graph()
    shape = weights.shape
    block = graph.op("Sub", "mask", graph.constant(np.float32(1.0)))
    block = graph.op("Mul", block, graph.constant(np.float32(-_NEVER)))
    blocked = graph.op("Unsqueeze", block, graph.constant(np.array([1, 2], dtype=np.int64)))
    x = _norm(graph, "embeds", weights=weights, name="emb.ln")
    for layer in range(shape.layers):
        x = _layer(graph, x, weights=weights, layer=layer, blocked=blocked)
    _pool(graph, x, mask="mask")
    inputs = [
        helper.make_tensor_value_info("embeds", TensorProto.FLOAT, ["batch", "tokens", shape.hidden]),
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["batch", "tokens"]),
    ]
    outputs = [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", shape.hidden])]
    body = helper.make_graph(graph.nodes, "e5", inputs, outputs, graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def convert(weights: Weights, *, target: Path, int8: bool) -> None:
    """Write the model file; ``int8`` quantises matrix products per channel, dynamically."""
    model = build(weights)
    if not int8:
        onnx.save(model, target)
        return
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        plain = Path(folder) / "fp32.onnx"
        onnx.save(model, plain)
        quantize_dynamic(plain, target, weight_type=QuantType.QInt8, per_channel=True)


def main() -> None:
    """Convert in a process of its own, so that its memory goes back to the system."""
    parser = argparse.ArgumentParser(description="Make the ONNX file of the embedded model.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--int8", action="store_true")
    arguments = parser.parse_args()
    convert(Weights(arguments.weights), target=arguments.target, int8=arguments.int8)


if __name__ == "__main__":
    main()
