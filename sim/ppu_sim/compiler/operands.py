"""Constants among the inputs of an operator, and what is folded into others."""

import numpy as np

from .layers import BYTES, Unplaced

__all__ = ["bias_of", "bytes_of", "check_elements", "constant", "scalar", "without_zero_point"]


#: The largest sum of two INT8.
_LARGEST = 254


def bytes_of(node, tensors, index=0):
    """An input as a tensor of 8 bits that is computed. Raises Unplaced if it is none."""
    tensor = tensors.get(node.input(index))
    if tensor is None:
        raise Unplaced(f"its operand {node.input(index)} is constant")
    if tensor.dtype not in BYTES:
        raise Unplaced(f"its operand {tensor.name} is not a tensor of 8 bits")
    return tensor


def check_elements(tensors):
    """Raises Unplaced if one of some tensors has none."""
    for tensor in tensors:
        if not tensor.bytes:
            raise Unplaced(f"{tensor.name} has no elements")


def constant(node, graph, index, what):
    """An input as an array. Raises Unplaced if it is computed."""
    name = node.input(index)
    if name not in graph.constants:
        raise Unplaced(f"its {what} is not constant")
    return graph.constants[name]


def scalar(node, graph, index, what):
    """An input as a single number. Raises Unplaced if it is none, or a scale of 0 or infinity."""
    value = constant(node, graph, index, what)
    if value.size != 1:
        raise Unplaced(f"its {what} is not a single number")
    if value.dtype.kind == "f" and not (np.isfinite(value) & (value != 0)).all():
        raise Unplaced(f"its {what} is {value.item()}")
    return value.reshape(())


def without_zero_point(weight, zero):
    """An (N, K) weight less its zero points: in 8 bits, or int16 if these are too few. Raises
    Unplaced if it is no sum of two INT8.
    """
    wide = weight.astype(np.int16) - zero.astype(np.int16).reshape(-1, 1)
    for dtype in (np.int8, np.uint8):
        info = np.iinfo(dtype)
        if info.min <= wide.min() and wide.max() <= info.max:
            return wide.astype(dtype)
    if wide.max() > _LARGEST:
        raise Unplaced(f"a weight less its zero point is {wide.max()}: more than {_LARGEST}")
    return wide


def bias_of(weight, zero_a, bias):
    """The bias with what the zero point of A contributes, modulo 2^32; None if it is zero."""
    total = -int(zero_a) * weight.astype(np.int64).sum(axis=1)
    if bias is not None:
        total = total + bias.astype(np.int64).reshape(-1)
    total = total.astype(np.uint64).astype(np.uint32).view(np.int32)
    return total if total.any() else None
