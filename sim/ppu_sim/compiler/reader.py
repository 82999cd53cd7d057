"""Reads a quantised ONNX model, as ONNX Runtime would run it."""

import importlib
import tempfile
from pathlib import Path

from ..toolchain import ToolMissing
from .graph import ModelError, graph_of
from .sessions import first_line, session_options

__all__ = ["read"]

#: Versions of the default operator set that are read.
OPSETS = range(21, 25)
#: Operators that say that a model is quantised.
_QUANTIZED = {"QuantizeLinear", "DequantizeLinear", "QGemm", "MatMulInteger", "ConvInteger"}


def _imported(name):
    """A package that only models need. ToolMissing if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ToolMissing(f"ONNX models need: pip install {name}") from None


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
    return graph_of(_optimized(data))


def _is_quantized(op):
    return op in _QUANTIZED or op.startswith("QLinear")


def _loaded(source):
    onnx = _imported("onnx")
    _imported("onnxruntime")
    from onnx.external_data_helper import load_external_data_for_model, uses_external_data

    folder = None
    if isinstance(source, onnx.ModelProto):
        data = source.SerializeToString()
    elif isinstance(source, bytes):
        data = source
    else:
        data, folder = Path(source).read_bytes(), Path(source).parent
    try:
        model = onnx.load_model_from_string(data)
        if folder is not None and any(map(uses_external_data, model.graph.initializer)):
            load_external_data_for_model(model, str(folder))
            data = model.SerializeToString()
    except Exception as error:
        raise ModelError(f"not a valid ONNX model: {first_line(error)}") from None
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
            raise ModelError(f"ONNX Runtime refuses the model: {first_line(error)}") from None
        return onnx.load(options.optimized_model_filepath)
