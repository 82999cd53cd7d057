"""A model as the compiler sees it: operators, constants, inputs and outputs."""

from dataclasses import dataclass, field

import numpy as np

__all__ = ["Graph", "ModelError", "Node", "Value", "graph_of", "has_arrays"]


class ModelError(ValueError):
    """A model that cannot be compiled; the message says why."""


@dataclass(frozen=True)
class Value:
    """An input or output of the model: its name, type and shape. A size that is not fixed is None;
    so is a shape of which nothing is known.
    """

    name: str
    dtype: np.dtype
    shape: tuple | None


@dataclass(frozen=True)
class Node:
    """An operator: `inputs` and `outputs` are names, "" for one that is left out. `captured` are
    names that its bodies take from around it, if it has any.
    """

    op: str
    name: str
    inputs: tuple
    outputs: tuple
    captured: tuple
    attributes: dict = field(hash=False)
    proto: object = field(repr=False, hash=False)

    def input(self, index):
        """The name of an input, or "" if there is none."""
        return self.inputs[index] if index < len(self.inputs) else ""

    @property
    def needs(self):
        """Names of all that it takes."""
        return (*filter(None, self.inputs), *self.captured)


@dataclass(frozen=True)
class Graph:
    """A model: its nodes in the order in which they run, constants as arrays."""

    nodes: tuple
    constants: dict
    inputs: tuple
    outputs: tuple
    proto: object = field(repr=False)


def has_arrays(dtype):
    """Whether numpy itself has a type of numbers. It has no float8, for one."""
    return dtype.isbuiltin == 1 and not dtype.hasobject


def graph_of(model):
    """The graph of an onnx.ModelProto.

    Raises
    ------
    ModelError
        If an input or output is no tensor of numbers.
    """
    from onnx import numpy_helper

    constants = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    inputs = tuple(_value(item) for item in model.graph.input if item.name not in constants)
    return Graph(tuple(map(_node, model.graph.node)), constants, inputs,
                 tuple(map(_value, model.graph.output)), model)  # fmt: skip


def _node(node):
    from onnx import helper

    return Node(node.op_type, node.name or next(filter(None, node.output)), tuple(node.input),
                tuple(node.output), tuple(dict.fromkeys(_captured(node))),
                {a.name: helper.get_attribute_value(a) for a in node.attribute}, node)  # fmt: skip


def _captured(node):
    """Names that the bodies of an operator take from around it."""
    for attribute in node.attribute:
        for body in (attribute.g, *attribute.graphs):
            own = {item.name for item in (*body.input, *body.initializer)}
            own.update(name for inner in body.node for name in inner.output)
            taken = [name for inner in body.node for name in (*inner.input, *_captured(inner))]
            taken += [item.name for item in body.output]
            yield from (name for name in taken if name and name not in own)


def _value(item):
    from onnx import TensorProto, helper

    if not item.type.HasField("tensor_type"):
        raise ModelError(f"{item.name} is not a tensor: only these can be inputs and outputs")
    kind = item.type.tensor_type
    dtype = np.dtype(helper.tensor_dtype_to_np_dtype(kind.elem_type))
    if not has_arrays(dtype):
        raise ModelError(f"{item.name} is a tensor of {TensorProto.DataType.Name(kind.elem_type)}, "
                         "which inputs and outputs cannot be")  # fmt: skip
    shape = tuple(d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim)
    return Value(item.name, dtype, shape if kind.HasField("shape") else None)
