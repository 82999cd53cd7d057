"""The demo's networks as ONNX models, and quantised by ONNX Runtime."""

import importlib
import logging
from pathlib import Path

import numpy as np

from ppu_sim.toolchain import ToolMissing

from .cnn import CONVOLUTIONS

__all__ = ["perceptron_model", "quantized", "residual_model", "scores"]

_OPSET, _IR_VERSION = 21, 10
#: Images from which the ranges of activations are taken.
_CALIBRATION = 200


def _imported(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ToolMissing(f"the demo needs: pip install {name.split('.')[0]}") from None


class _Builder:
    """Nodes and constants of a float model with input `x`."""

    def __init__(self, shape, outputs):
        self._onnx = _imported("onnx")
        self._nodes, self._constants = [], []
        self._shape, self._outputs = shape, outputs

    def add(self, op, inputs, name, constants=(), **attributes):
        """An operator whose output has its name; constants follow the inputs."""
        names = [f"{name}.{index}" for index in range(len(constants))]
        self._constants += [
            self._onnx.numpy_helper.from_array(np.ascontiguousarray(array, np.float32), own)
            for own, array in zip(names, constants, strict=True)]  # fmt: skip
        self._nodes.append(self._onnx.helper.make_node(
            op, [*inputs, *names], [name], name=name, **attributes))
        return name

    def model(self, output):
        helper, numbers = self._onnx.helper, self._onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes, "digits",
            [helper.make_tensor_value_info("x", numbers, ["images", *self._shape])],
            [helper.make_tensor_value_info(output, numbers, ["images", self._outputs])],
            self._constants)  # fmt: skip
        return helper.make_model(graph, ir_version=_IR_VERSION,
                                 opset_imports=[helper.make_opsetid("", _OPSET)])  # fmt: skip


def perceptron_model(network):
    """The ONNX model of a :class:`.network.Network`; images are (N, 64)."""
    builder, value = _Builder([network.weights[0].shape[1]], len(network.biases[-1])), "x"
    for index, layer in enumerate(zip(network.weights, network.biases, strict=True), 1):
        value = builder.add("Gemm", [value], f"dense{index}", layer, transB=1)
        if index < len(network.weights):
            value = builder.add("Relu", [value], f"relu{index}")
    return builder.model(value)


def residual_model(network):
    """The ONNX model of a :class:`.cnn.ResidualNetwork`; images are (N, 1, 8, 8)."""
    builder, weights = _Builder([1, 8, 8], 10), network.weights

    def convolved(name, value):
        stride = CONVOLUTIONS[name][2]
        return builder.add("Conv", [value], name, (weights[name], weights[f"{name} bias"]),
                           kernel_shape=[3, 3], pads=[1] * 4, strides=[stride] * 2)  # fmt: skip

    def relu(value):
        return builder.add("Relu", [value], f"{value}.relu")

    stem = relu(convolved("stem", "x"))
    inner = convolved("inner2", relu(convolved("inner1", stem)))
    down = relu(convolved("down", relu(builder.add("Add", [stem, inner], "add1"))))
    last = relu(builder.add("Add", [down, convolved("inner3", down)], "add2"))
    pooled = builder.add("Flatten", [builder.add("GlobalAveragePool", [last], "pool")], "flat")
    return builder.model(builder.add(
        "Gemm", [pooled], "classes", (weights["classes"], weights["classes bias"]), transB=1))


def quantized(model, images, folder, name):
    """The file of a model with INT8 weights and activations, as ONNX Runtime quantises it.

    Parameters
    ----------
    model : onnx.ModelProto
        A float model.
    images : numpy.ndarray of float32
        Ranges of activations are taken from the first ones.
    folder : pathlib.Path
        Where files are made: `name`.onnx and `name`_int8.onnx.
    name : str
    """
    onnx, tools = _imported("onnx"), _imported("onnxruntime.quantization")

    class Images(tools.CalibrationDataReader):
        def __init__(self):
            self._left = iter(images[:_CALIBRATION, None])

        def get_next(self):
            image = next(self._left, None)
            return None if image is None else {"x": image}

    Path(folder).mkdir(parents=True, exist_ok=True)
    files = Path(folder, f"{name}.onnx"), Path(folder, f"{name}_int8.onnx")
    onnx.save(model, files[0])
    logging.disable(logging.WARNING)        # it recommends steps that change nothing here
    try:
        tools.quantize_static(
            files[0], files[1], Images(), quant_format=tools.QuantFormat.QDQ, per_channel=True,
            activation_type=tools.QuantType.QInt8, weight_type=tools.QuantType.QInt8)
    finally:
        logging.disable(logging.NOTSET)
    return files[1]


def scores(model, images):
    """What ONNX Runtime makes of images; `model` is a Path or an onnx.ModelProto."""
    from ppu_sim.compiler.sessions import session_options

    runtime = _imported("onnxruntime")
    source = str(model) if isinstance(model, Path) else model.SerializeToString()
    session = runtime.InferenceSession(source, session_options(),
                                       providers=["CPUExecutionProvider"])  # fmt: skip
    return session.run(None, {"x": images})[0]
