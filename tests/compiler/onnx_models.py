"""ONNX models for tests, and what ONNX Runtime makes of them."""

from itertools import pairwise

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from ppu_sim.compiler.sessions import session_options

MICROSOFT = "com.microsoft"


def info(name, dtype, shape):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)),
                                         shape)  # fmt: skip


def model_of(nodes, inputs, outputs, constants, *, opset=21):
    """A model of nodes; `constants` are arrays by name."""
    graph = helper.make_graph(nodes, "test", inputs, outputs, [
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()])
    return helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", opset), helper.make_opsetid(MICROSOFT, 1)])


def reference(model, inputs):
    """The outputs of ONNX Runtime, as a list."""
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), session_options(), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def compare(compiled, device, model, inputs):
    """Runs a compiled model; its outputs must be ONNX Runtime's in type, shape and every byte.
    Returns these.
    """
    found, wanted = compiled.run(device, inputs), reference(model, inputs)
    for (name, got), want in zip(found.items(), wanted, strict=True):
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        assert got.tobytes() == want.tobytes(), f"{name}: {np.sum(got != want)} of {got.size}"
    return wanted


def random_of(rng, dtype, shape):
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max + 1, shape).astype(dtype)


class _Samples(CalibrationDataReader):
    def __init__(self, rng, shape):
        self._samples = iter([{"x": rng.normal(size=shape).astype(np.float32)} for _ in range(8)])

    def get_next(self):
        return next(self._samples, None)


def perceptron(folder, *, form=QuantFormat.QDQ, per_channel=True, activation=QuantType.QInt8,
               sizes=(64, 48, 20, 10), opset=21):  # fmt: skip
    """The file of a quantised perceptron, as `quantize_static` writes it; input `x`, output `y`."""
    rng = np.random.default_rng(sum(sizes))
    nodes, constants, value = [], {}, "x"
    for layer, (k, n) in enumerate(pairwise(sizes), start=1):
        last = layer == len(sizes) - 1
        constants[f"w{layer}"] = rng.normal(size=(k, n)).astype(np.float32)
        constants[f"b{layer}"] = rng.normal(size=n).astype(np.float32)
        out = "y" if last else f"h{layer}"
        nodes.append(helper.make_node("Gemm", [value, f"w{layer}", f"b{layer}"], [out],
                                      name=f"fc{layer}"))  # fmt: skip
        value = out
        if not last:
            value = f"r{layer}"
            nodes.append(helper.make_node("Relu", [out], [value], name=f"relu{layer}"))
    model = model_of(nodes, [info("x", np.float32, ["batch", sizes[0]])],
                     [info("y", np.float32, ["batch", sizes[-1]])], constants, opset=opset)
    onnx.save(model, folder / "float.onnx")
    quantize_static(folder / "float.onnx", folder / "quantized.onnx", _Samples(rng, (1, sizes[0])),
                    quant_format=form, per_channel=per_channel, activation_type=activation,
                    weight_type=QuantType.QInt8)  # fmt: skip
    return folder / "quantized.onnx"
