"""Shapes and types of all tensors of a model, for some shapes of its inputs."""

from dataclasses import replace

import numpy as np

from .graph import ModelError
from .layers import Tensor
from .sessions import RunError, Session, dtype_of, unwrapped, wrapped

__all__ = ["all_tensors"]


def all_tensors(graph, shapes):
    """Runs a model once, to see what its tensors are.

    Parameters
    ----------
    graph : Graph
        The model.
    shapes : dict
        Shape of each input by name; 1 for what the model leaves open, if not given.

    Returns
    -------
    graph : Graph
        The same with fixed shapes of inputs.
    tensors : dict
        Each :class:`.Tensor` that is computed, by name. Where a shape depends on data, it is that
        of this run.
    fixed : dict
        Arrays that follow from shapes alone, by name.

    Raises
    ------
    ModelError
        If the shapes do not fit.
    """
    inputs = _fixed_inputs(graph, shapes)
    found = _probed(graph, inputs)
    tensors = {name: Tensor(name, tuple(value.shape()), dtype_of(value))
               for name, value in found.items() if value.is_tensor()}  # fmt: skip
    fixed = {name: unwrapped(found[name]) for name in _from_shapes(graph) if name in tensors}
    return replace(graph, inputs=inputs), tensors, fixed


def _probed(graph, inputs):
    """All that is computed, and the inputs, as OrtValues by name."""
    from onnx import ModelProto, ValueInfoProto

    model = ModelProto()
    model.CopyFrom(graph.proto)
    del model.graph.output[:]
    names = [name for node in graph.nodes for name in node.outputs if name]
    model.graph.output.extend(ValueInfoProto(name=name) for name in names)
    failed = []
    for number in (0, 1):       # some models divide by an input, others look up its elements
        given = {value.name: wrapped(np.full(value.shape, number, value.dtype)) for value in inputs}
        try:
            return Session(model).run(names, given) | given
        except RunError as error:
            failed.append(error)
    raise ModelError(f"refused for these shapes by {failed[0]}")


def _from_shapes(graph):
    """Names of what is computed from constants and shapes only."""
    found, constants = [], set(graph.constants)
    for node in graph.nodes:
        if node.op in ("Shape", "Size") or constants.issuperset(node.needs):
            constants.update(node.outputs)
            found += filter(None, node.outputs)
    return found


def _fixed_inputs(graph, shapes):
    known = [value.name for value in graph.inputs]
    if unknown := set(shapes) - set(known):
        raise ModelError(f"the model has inputs {', '.join(sorted(known))}, not {min(unknown)}")
    return tuple(replace(value, shape=_fixed(value, shapes.get(value.name)))
                 for value in graph.inputs)  # fmt: skip


def _fixed(value, shape):
    if value.shape is None:
        if shape is None:
            raise ModelError(f"the shape of {value.name} must be given: the model has none for it")
    elif shape is None:
        shape = tuple(1 if size is None else size for size in value.shape)
    elif len(shape) != len(value.shape) or any(
            size not in (None, given) for size, given in zip(value.shape, shape, strict=True)):
        raise ModelError(f"the shape of {value.name} must be {value.shape}, not {tuple(shape)}")
    if 0 in shape:
        raise ModelError(f"the shape of {value.name} must not have a 0: {tuple(shape)}")
    return tuple(shape)
