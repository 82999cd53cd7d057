"""Reads a quantised ONNX model, as ONNX Runtime would run it."""

import importlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..toolchain import ToolMissing

__all__ = ["Graph", "ModelError", "Node", "Value", "read", "session_options"]

#: Versions of the default operator set that are read.
OPSETS = range(21, 25)
#: Operators that say that a model is quantised.
_QUANTIZED = {"QuantizeLinear", "DequantizeLinear", "QGemm", "MatMulInteger", "ConvInteger"}


class ModelError(ValueError):
    """A model that cannot be compiled; the message says why."""


@dataclass(frozen=True)
class Value:
    """An input or output of the model: its name, type and shape; None where it is not fixed."""

    name: str
    dtype: np.dtype
    shape: tuple


@dataclass(frozen=True)
class Node:
    """An operator: `inputs` and `outputs` are names, "" for one that is left out."""

    op: str
    name: str
    inputs: tuple
    outputs: tuple
    attributes: dict = field(hash=False)
    proto: object = field(repr=False, hash=False)

    def input(self, index):
        """The name of an input, or "" if there is none."""
        return self.inputs[index] if index < len(self.inputs) else ""


@dataclass(frozen=True)
class Graph:
    """A model: its nodes in the order in which they run, constants as arrays."""

    nodes: tuple
    constants: dict
    inputs: tuple
    outputs: tuple
    proto: object = field(repr=False)


def _imported(name):
    """A package that only models need. ToolMissing if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ToolMissing(f"ONNX models need: pip install {name}") from None


def session_options():
    """Options of ONNX Runtime, with which operators between quantised INT8 tensors are quantised
    ones on every machine, as those between UINT8 tensors are.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    options.log_severity_level = 3
    return options


def read(source):
    """The graph of a model as ONNX Runtime optimises it.

    There, an operator between DequantizeLinear and QuantizeLinear has become a quantised one,
    activations are limits of what is before them, and what is constant has been computed.

    Parameters
    ----------
    source : path, bytes or onnx.ModelProto
        The model, operator set 21 to 24.

    Raises
    ------
    ModelError
        If it is no such model, or not a quantised one.
    OSError
        If the file cannot be read.
    """
    data, model = _loaded(source)
    version = next((s.version for s in model.opset_import if s.domain in ("", "ai.onnx")), None)
    if version not in OPSETS:
        raise ModelError(
            f"the operator set must be from {OPSETS[0]} to {OPSETS[-1]}, not {version}")
    if not any(_is_quantized(node.op_type) for node in model.graph.node):
        raise ModelError("not a quantised model: it has no QuantizeLinear and no QLinear operator")
    return _graph(_optimized(data))


def _is_quantized(op):
    return op in _QUANTIZED or op.startswith("QLinear")


def _loaded(source):
    onnx = _imported("onnx")
    _imported("onnxruntime")
    data = source.SerializeToString() if isinstance(source, onnx.ModelProto) else (
        source if isinstance(source, bytes) else Path(source).read_bytes())
    try:
        model = onnx.load_model_from_string(data)
        onnx.checker.check_model(model)
    except Exception as error:
        raise ModelError(f"not a valid ONNX model: {_first_line(error)}") from None
    return data, model


def _optimized(data):
    import onnx
    import onnxruntime

    options = session_options()
    # What comes beyond depends on the machine, such as the order of channels.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder, "model.onnx"))
        try:
            onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelError(f"ONNX Runtime refuses the model: {_first_line(error)}") from None
        return onnx.load(options.optimized_model_filepath)


def _graph(model):
    from onnx import helper, numpy_helper

    constants = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    nodes = tuple(
        Node(node.op_type, node.name or node.output[0], tuple(node.input), tuple(node.output),
             {a.name: helper.get_attribute_value(a) for a in node.attribute}, node)
        for node in model.graph.node)  # fmt: skip
    inputs = tuple(_value(item) for item in model.graph.input if item.name not in constants)
    return Graph(nodes, constants, inputs, tuple(map(_value, model.graph.output)), model)


def _value(item):
    from onnx import helper

    kind = item.type.tensor_type
    shape = tuple(d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim)
    return Value(item.name, np.dtype(helper.tensor_dtype_to_np_dtype(kind.elem_type)), shape)


def _first_line(error):
    return str(error).strip().splitlines()[0]
