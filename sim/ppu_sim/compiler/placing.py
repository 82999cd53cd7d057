"""From operators of ONNX to layers of the core."""

import numpy as np

from ..model import float32
from .layers import Elementwise, Gemm, Unplaced
from .operands import bias_of, bytes_of, check_elements, constant, scalar, without_zero_point
from .windows import average_pool, global_average_pool, max_pool, qlinear_conv

__all__ = ["is_alias", "lowered"]

#: Operators that change nothing but the shape.
_ALIASES = {"Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity"}


def is_alias(node):
    """Whether the output of a node is its input in another shape."""
    return node.op in _ALIASES


def lowered(node, graph, tensors):
    """The layer for a node.

    Parameters
    ----------
    node : Node
        The operator.
    graph : Graph
        The model.
    tensors : dict
        All tensors, by name.

    Raises
    ------
    Unplaced
        If the core cannot do it.
    """
    if node.op not in _LOWERINGS:
        raise Unplaced("the core has no such operator")
    check_elements([tensors[name] for name in (*node.inputs, *node.outputs) if name in tensors])
    return _LOWERINGS[node.op](node, graph, tensors)


def _gemm(node, tensors, weight, bias, scale, zero_point=0):
    n, _ = weight.shape
    if scale is not None:
        scale = np.broadcast_to(np.asarray(scale, np.float32).reshape(-1), n)
    return Gemm(name=node.name, a=bytes_of(node, tensors), y=tensors[node.outputs[0]],
                weight=weight, bias=bias, scale=scale, zero_point=int(zero_point))  # fmt: skip


def _qlinear_matmul(node, graph, tensors):
    b = constant(node, graph, 3, "operand B")
    if b.ndim != 2:
        raise Unplaced(f"its operand B has {b.ndim} axes, not 2")
    scale_a, zero_a = (scalar(node, graph, i, "scale or zero point of A") for i in (1, 2))
    scale_b, zero_b = (constant(node, graph, i, "scale or zero point of B") for i in (4, 5))
    scale_y, zero_y = (scalar(node, graph, i, "scale or zero point of Y") for i in (6, 7))
    weight = without_zero_point(np.ascontiguousarray(b.T), zero_b)
    scale = (scale_a * scale_b).astype(np.float32) / scale_y
    return _gemm(node, tensors, weight, bias_of(weight, zero_a, None), scale, zero_y)


def _qgemm(node, graph, tensors):
    get = node.attributes.get
    if get("transA", 0) or get("alpha", 1.0) != 1.0:
        raise Unplaced("its operand A is transposed, or alpha is not 1")
    b = constant(node, graph, 3, "operand B")
    scale_a, zero_a = (scalar(node, graph, i, "scale or zero point of A") for i in (1, 2))
    scale_b, zero_b = (constant(node, graph, i, "scale or zero point of B") for i in (4, 5))
    bias = constant(node, graph, 6, "bias") if node.input(6) else None
    if bias is not None:
        if bias.size != 1 and bias.shape[-1] != bias.size:
            raise Unplaced(f"its operand C has the shape {bias.shape}: it is not one for columns")
        bias = np.broadcast_to(bias.reshape(-1), b.shape[0 if get("transB", 0) else 1])
    weight = without_zero_point(
        np.ascontiguousarray(b if get("transB", 0) else b.T), zero_b)
    scale = (scale_a * scale_b).astype(np.float32)
    zero_y = 0
    if node.input(7):       # else the result is float32
        zero_y = scalar(node, graph, 8, "zero point of Y")
        scale = scale / scalar(node, graph, 7, "scale of Y")
    return _gemm(node, tensors, weight, bias_of(weight, zero_a, bias), scale, zero_y)


def _matmul_integer(node, graph, tensors):
    b = constant(node, graph, 1, "operand B")
    if b.ndim != 2:
        raise Unplaced(f"its operand B has {b.ndim} axes, not 2")
    zero_a = scalar(node, graph, 2, "zero point of A") if node.input(2) else 0
    zero_b = constant(node, graph, 3, "zero point of B") if node.input(3) else np.zeros(1)
    weight = without_zero_point(np.ascontiguousarray(b.T), zero_b)
    return _gemm(node, tensors, weight, bias_of(weight, zero_a, None), None)


def _qlinear_add(node, graph, tensors):
    """As ONNX Runtime computes it on x86, see ``docs/decisions/float32.md``."""
    a, b, y = bytes_of(node, tensors), bytes_of(node, tensors, 3), tensors[node.outputs[0]]
    if a.shape != b.shape:
        raise Unplaced("its operands differ in shape")
    what = "scale or zero point"
    scale_a, zero_a, scale_b, zero_b, scale_y, zero_y = (
        np.float32(scalar(node, graph, i, what)) for i in (1, 2, 4, 5, 6, 7))
    ratio_a, ratio_b = scale_a / scale_y, scale_b / scale_y
    fixed = zero_y - float32.multiply_add(ratio_a, zero_a, ratio_b * zero_b)
    entries = np.arange(256, dtype=np.uint8).view(b.dtype).astype(np.float32)
    residual = float32.multiply_add(entries, ratio_b, fixed)
    return Elementwise(name=node.name, a=a, b=b, y=y, scale=ratio_a, residual=residual)


_LOWERINGS = {"QLinearMatMul": _qlinear_matmul, "QGemm": _qgemm, "MatMulInteger": _matmul_integer,
              "QLinearAdd": _qlinear_add, "QLinearConv": qlinear_conv, "MaxPool": max_pool,
              "QLinearAveragePool": average_pool,
              "QLinearGlobalAveragePool": global_average_pool}  # fmt: skip
