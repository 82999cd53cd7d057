"""Sessions of ONNX Runtime: their options, and what they take, give and say."""

import numpy as np

from .graph import has_arrays

__all__ = ["RunError", "Session", "dtype_of", "first_line", "session_options", "type_of",
           "unwrapped", "wrapped"]  # fmt: skip


class RunError(ValueError):
    """ONNX Runtime does not take a graph, or not with these values; the message says why."""


def session_options():
    """Options of ONNX Runtime, with which operators between quantised INT8 tensors are quantised
    ones on every machine, as those between UINT8 tensors are.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    options.log_severity_level = 4          # errors are raised
    return options


def first_line(error):
    """What an error says, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class Session:
    """A graph that is run without being optimised any more.

    Parameters
    ----------
    model : onnx.ModelProto

    Raises
    ------
    RunError
        If ONNX Runtime does not take it.
    """

    def __init__(self, model):
        import onnxruntime

        options = session_options()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise RunError(f"ONNX Runtime: {first_line(error)}") from None

    def run(self, names, values):
        """Some outputs as OrtValues by name; `values` are the inputs by name, as OrtValues.

        Raises
        ------
        RunError
            If it does not do it for these values.
        """
        try:
            found = self._session.run_with_ort_values(names, values)
        except Exception as error:
            raise RunError(f"ONNX Runtime: {first_line(error)}") from None
        return dict(zip(names, found, strict=True))


def wrapped(value):
    """An array, or an OrtValue, as an OrtValue."""
    from onnxruntime import OrtValue

    return OrtValue.ortvalue_from_numpy(value) if isinstance(value, np.ndarray) else value


def unwrapped(value):
    """An OrtValue as an array if it can be one. Sequences, strings and float8 stay what they are:
    as arrays, ONNX Runtime would not take them back.
    """
    return value.numpy() if value.is_tensor() and has_arrays(dtype_of(value)) else value


def dtype_of(value):
    """Type of the elements of an OrtValue that is a tensor."""
    from onnx import helper

    return np.dtype(helper.tensor_dtype_to_np_dtype(value.element_type()))


def type_of(value):
    """The type of an OrtValue as a TypeProto, of any shape."""
    return _type(value.data_type())


def _type(text):
    """The type that ONNX Runtime calls so, as "seq(tensor(float))"."""
    from onnx import TensorProto, helper

    kind, _, inner = text.removesuffix(")").partition("(")
    if kind == "seq":
        return helper.make_sequence_type_proto(_type(inner))
    if kind == "tensor":
        return helper.make_tensor_type_proto(TensorProto.DataType.Value(inner.upper()), None)
    raise RunError(f"{text} cannot go from an operator to one that runs later")
