"""What ONNX Runtime does: operators that the core does not have, and the shapes of tensors."""

from dataclasses import replace

import numpy as np

from .layers import Tensor
from .reader import ModelError, session_options

__all__ = ["HostStage", "all_tensors", "run_nodes"]


def _session(model):
    import onnxruntime

    options = session_options()
    # The graph is as it shall run.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def all_tensors(graph, shapes):
    """The graph with fixed shapes of inputs, and all tensors by name, by running it once."""
    from onnx import ModelProto, ValueInfoProto

    known = {value.name for value in graph.inputs}
    if unknown := set(shapes) - known:
        raise ModelError(f"the model has inputs {', '.join(sorted(known))}, not {min(unknown)}")
    inputs = tuple(replace(value, shape=_fixed(value, shapes.get(value.name)))
                   for value in graph.inputs)  # fmt: skip
    model = ModelProto()
    model.CopyFrom(graph.proto)
    del model.graph.output[:]
    names = [name for node in graph.nodes for name in node.outputs if name]
    model.graph.output.extend(ValueInfoProto(name=name) for name in names)
    zeros = {value.name: np.zeros(value.shape, value.dtype) for value in inputs}
    try:
        values = dict(zip(names, _session(model).run(names, zeros), strict=True)) | zeros
    except Exception as error:
        raise ModelError(f"ONNX Runtime refuses the model for these shapes: "
                         f"{str(error).strip().splitlines()[0]}") from None
    tensors = {name: Tensor(name, value.shape, value.dtype) for name, value in values.items()
               if isinstance(value, np.ndarray)}  # fmt: skip
    return replace(graph, inputs=inputs), tensors


def _fixed(value, shape):
    if shape is None:
        shape = tuple(1 if size is None else size for size in value.shape)
    if len(shape) != len(value.shape) or any(
            size not in (None, given) for size, given in zip(value.shape, shape, strict=True)):
        raise ModelError(f"the shape of {value.name} must be {value.shape}, not {tuple(shape)}")
    if 0 in shape:
        raise ModelError(f"the shape of {value.name} must not have a 0: {tuple(shape)}")
    return tuple(shape)


def run_nodes(graph, nodes, values):
    """Runs some nodes on arrays by name, of any shape; gives all that they make, by name."""
    stage = HostStage(graph, nodes)
    found = dict(values)
    stage.run(None, found)
    return found


class HostStage:
    """Operators that follow each other on the host.

    Parameters
    ----------
    graph : Graph
        The model.
    nodes : list of Node
        In their order.
    """

    def __init__(self, graph, nodes):
        self.nodes = nodes
        made = {name for node in nodes for name in node.outputs}
        wanted = [name for node in nodes for name in node.inputs if name]
        self._inputs = list(dict.fromkeys(
            name for name in wanted if name not in made and name not in graph.constants))
        self._outputs = [name for node in nodes for name in node.outputs if name]
        self._graph, self._constants = graph, [n for n in wanted if n in graph.constants]
        self._made = None

    def _model(self, values):
        from onnx import helper, numpy_helper

        infos = [helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(values[name].dtype), values[name].shape)
            for name in self._inputs]  # fmt: skip
        outputs = [helper.ValueInfoProto(name=name) for name in self._outputs]
        constants = [numpy_helper.from_array(self._graph.constants[name], name)
                     for name in dict.fromkeys(self._constants)]  # fmt: skip
        graph = helper.make_graph([node.proto for node in self.nodes], "host", infos, outputs,
                                  constants)  # fmt: skip
        return helper.make_model(graph, opset_imports=self._graph.proto.opset_import,
                                 ir_version=self._graph.proto.ir_version)

    def run(self, device, values, *, layer_by_layer=False):
        """Runs it: adds its outputs to `values`, arrays by name. The core has nothing to do."""
        self._made = self._made or _session(self._model(values))
        found = self._made.run(self._outputs, {name: values[name] for name in self._inputs})
        values.update(zip(self._outputs, found, strict=True))
        return []
