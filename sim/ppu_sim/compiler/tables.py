"""Operators on single elements of 8 bits: functions of 256 values, whatever they compute."""

import numpy as np

from .host import run_nodes
from .layers import BYTES, Elementwise, Unplaced
from .operands import check_elements
from .sessions import RunError

__all__ = ["grouped", "table_layer"]

#: Operators of one step.
_WHOLE = {"QLinearSigmoid", "QLinearLeakyRelu"}
#: Operators in float32 that take elements one by one. Log, Sin, Softplus and some more are not
#: here: in ONNX Runtime, their last bit depends on where in a tensor an element is.
_SINGLE = {
    "Abs", "Add", "Celu", "Clip", "Div", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid", "HardSwish",
    "LeakyRelu", "Max", "Min", "Mul", "Neg", "QuickGelu", "Reciprocal", "Relu", "Selu",
    "Sigmoid", "Softsign", "Sqrt", "Sub", "Tanh",
}  # fmt: skip


def grouped(graph, tensors):
    """The nodes in their order, in tuples: of one, or of those that a table takes the place of.

    These are DequantizeLinear, operators on nothing but its result and single numbers, and a
    QuantizeLinear, where nobody else wants what is between.
    """
    left, groups = list(graph.nodes), []
    while left:
        group = _region(left, graph, tensors) or (left[0],)
        groups.append(group)
        left = [node for node in left if node not in group]
    return groups


def _is_number(graph, name):
    return not name or (name in graph.constants and graph.constants[name].size == 1)


def _is_bytes(node, tensors):
    """Whether its operand is a tensor of 8 bits that is computed."""
    return node.input(0) in tensors and tensors[node.input(0)].dtype in BYTES


def _region(nodes, graph, tensors):
    first = nodes[0]
    if first.op != "DequantizeLinear" or not _is_bytes(first, tensors) or not all(
            _is_number(graph, name) for name in first.inputs[1:]):  # fmt: skip
        return None
    region, values = [first], {first.outputs[0]}
    for node in nodes[1:]:
        if node.op == "DequantizeLinear" and node.inputs == first.inputs:
            region.append(node)     # ONNX Runtime makes one for each that wants it
            values.update(node.outputs)
            continue
        inner = [name for name in node.inputs if name in values]
        if not inner:
            continue
        others = [name for name in node.inputs if name not in values]
        if not all(_is_number(graph, name) for name in others):
            return None
        region.append(node)
        if node.op == "QuantizeLinear":
            return tuple(region) if len(inner) == 1 and _is_alone(region, graph) else None
        if node.op not in _SINGLE:
            return None
        values.update(node.outputs)
    return None


def _is_alone(region, graph):
    """Whether nobody else wants what its nodes make, but for the last one."""
    inner = {name for node in region[:-1] for name in node.outputs}
    outside = {name for node in graph.nodes if node not in region for name in node.needs}
    return not inner & (outside | {value.name for value in graph.outputs})


def table_layer(group, graph, tensors):
    """The layer for a group of nodes, or None if it is none that a table takes the place of. Raises
    Unplaced if ONNX Runtime does not compute its entries.
    """
    if (len(group) == 1 and group[0].op not in _WHOLE) or not _is_bytes(group[0], tensors):
        return None
    a, y = tensors[group[0].input(0)], tensors[group[-1].outputs[0]]
    if y.dtype not in BYTES or a.shape != y.shape or (len(group) == 1 and not all(
            _is_number(graph, name) for name in group[0].inputs[1:])):  # fmt: skip
        return None
    check_elements((a, y))
    entries = np.arange(256, dtype=np.uint8).view(a.dtype)
    try:
        table = run_nodes(graph, group, {a.name: entries})[y.name].view(np.uint8)
    except RunError as error:
        raise Unplaced(f"a table of it cannot be made: {error}") from None
    return Elementwise(name=group[-2 if len(group) > 1 else 0].name, a=a, y=y, table=table)
