"""Random quantised operators on images, and graphs of them."""

import numpy as np
from onnx import helper
from onnx_models import MICROSOFT, info, model_of, random_of

__all__ = ["GraphMaker", "random_convolution", "random_graph", "random_pool"]


class GraphMaker:
    """Makes a model node by node. Tensors are names; `shapes` has those of each.

    Parameters
    ----------
    rng : numpy.random.Generator
    dtype : type
        Of all activations and weights.
    """

    def __init__(self, rng, dtype):
        self.rng, self.dtype, self.shapes = rng, dtype, {}
        self._nodes, self._constants = [], {}

    def input(self, shape):
        self.shapes["x"] = shape
        return "x"

    def _constant(self, value):
        name = f"c{len(self._constants)}"
        self._constants[name] = np.asarray(value)
        return name

    def _add(self, op, inputs, shape, **attributes):
        name = f"{op.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        self.shapes[name] = shape
        return name

    def _quantization(self, scale=None):
        """A scale and a zero point."""
        scale = self.rng.random() / 10 + 1e-3 if scale is None else scale
        zero = random_of(self.rng, self.dtype, ())
        return self._constant(np.float32(scale)), self._constant(zero)

    def _weights(self, shape):
        """Weights, their scales and zero points, of a tensor or of each filter; maybe a bias."""
        rng, filters = self.rng, shape[0]
        channels = filters if rng.random() < 0.5 else ()
        zero = rng.choice([0, 0, 128, 77]) if self.dtype is np.uint8 else rng.choice([0, 0, -20])
        found = [self._constant(random_of(rng, self.dtype, shape)),
                 self._constant((rng.random(channels) / 10 + 1e-3).astype(np.float32)),
                 self._constant(np.full(channels, zero, self.dtype))]
        bias = [self._constant(rng.integers(-20000, 20000, filters).astype(np.int32))]
        return found, bias if rng.random() < 0.7 else []

    def convolution(self, x, filters, kernel, *, strides, dilations, pads, group=1):
        shape = self.shapes[x]
        axes = range(len(kernel))
        weights, bias = self._weights((filters, shape[1] // group, *kernel))
        size = shape[1] // group * int(np.prod(kernel))
        result = self._quantization(
            0.05**2 * np.sqrt(size) * 127 * self.rng.choice([1e-3, 0.3, 3, 50], p=[.1, .4, .4, .1]))
        extent = [(shape[2 + i] + pads[i] + pads[i + len(kernel)]
                   - (kernel[i] - 1) * dilations[i] - 1) // strides[i] + 1 for i in axes]
        return self._add(
            "QLinearConv", [x, *self._quantization(), *weights, *result, *bias],
            (shape[0], filters, *extent), kernel_shape=kernel, strides=strides,
            dilations=dilations, pads=pads, group=group)  # fmt: skip

    def max_pool(self, x, kernel, *, strides, dilations, pads, ceil=0):
        shape = self.shapes[x]
        # Rounded up, but not to a window that begins beyond the image and its padding.
        extent = []
        for i in (0, 1):
            room = shape[2 + i] + pads[i] + pads[i + 2] - (kernel[i] - 1) * dilations[i] - 1
            size = (-(-room // strides[i]) if ceil else room // strides[i]) + 1
            extent.append(size - ((size - 1) * strides[i] >= shape[2 + i] + pads[i]))
        return self._add("MaxPool", [x], (*shape[:2], *extent), kernel_shape=kernel,
                         strides=strides, dilations=dilations, pads=pads,
                         ceil_mode=ceil)  # fmt: skip

    def average(self, x):
        shape = self.shapes[x]
        scale = self.rng.random() / 10 + 1e-3
        return self._add(
            "QLinearGlobalAveragePool",
            [x, *self._quantization(scale),
             *self._quantization(scale * self.rng.choice([0.1, 0.37, 1, 2]))],
            (*shape[:2], 1, 1), domain=MICROSOFT, channels_last=0)  # fmt: skip

    def average_pool(self, x, kernel, *, strides, pads, ratio):
        shape, scale = self.shapes[x], self.rng.random() / 10 + 1e-3
        extent = [(shape[2 + i] + pads[i] + pads[i + 2] - kernel[i]) // strides[i] + 1
                  for i in (0, 1)]
        return self._add(
            "QLinearAveragePool",
            [x, *self._quantization(scale), *self._quantization(scale * ratio)],
            (*shape[:2], *extent), domain=MICROSOFT, channels_last=0, kernel_shape=kernel,
            strides=strides, pads=pads, count_include_pad=1)  # fmt: skip

    def sum(self, a, b):
        return self._add(
            "QLinearAdd", [a, *self._quantization(), b, *self._quantization(),
                           *self._quantization(0.1)], self.shapes[a], domain=MICROSOFT)  # fmt: skip

    def table(self, x, op):
        """An operator in float between a DequantizeLinear and a QuantizeLinear."""
        shape = self.shapes[x]
        value = self._add("DequantizeLinear", [x, *self._quantization(0.03)], shape)
        value = self._add(op, [value], shape)
        return self._add("QuantizeLinear", [value, *self._quantization(0.02)], shape)

    def flat(self, x):
        shape = self.shapes[x]
        return self._add("Flatten", [x], (shape[0], int(np.prod(shape[1:]))))

    def reshaped(self, x, shape):
        return self._add("Reshape", [x, self._constant(np.array(shape))], shape)

    def product(self, x, columns):
        rows, k = self.shapes[x]
        weights, bias = self._weights((columns, k))
        scale = 0.05**2 * np.sqrt(k) * 127
        inputs = [x, *self._quantization(), *weights, *(bias or [""]), *self._quantization(scale)]
        return self._add("QGemm", inputs, (rows, columns), transB=1, domain=MICROSOFT)

    def model(self, *outputs):
        """The model, and values of its input."""
        shape = self.shapes["x"]
        model = model_of(
            self._nodes, [info("x", self.dtype, shape)],
            [info(name, self.dtype, self.shapes[name]) for name in outputs], self._constants)
        return model, {"x": random_of(self.rng, self.dtype, shape)}


def _types(rng):
    return (np.int8, np.uint8)[rng.integers(2)]


def _least(size, kernel, dilations, pads):
    """Sizes of an image in which the kernel has room."""
    axes = len(kernel)
    return [max(int(size[i]), (kernel[i] - 1) * dilations[i] + 1 - pads[i] - pads[i + axes])
            for i in range(axes)]  # fmt: skip


def random_convolution(rng):
    """A model of one QLinearConv, and its operand: any sizes, groups, depthwise, one axis too."""
    maker, axes = GraphMaker(rng, _types(rng)), 1 if rng.random() < 0.1 else 2
    group = int(rng.choice([1, 1, 1, 2, 3]))
    channels, filters = (group * int(size) for size in rng.integers(1, 20, 2))
    if rng.random() < 0.2:
        group, filters = channels, channels * int(rng.integers(1, 3))
    kernel = [int(size) for size in rng.integers(1, 5, axes)]
    strides = [int(size) for size in rng.choice([1, 1, 2, 3], axes)]
    dilations = [int(size) for size in rng.choice([1, 1, 1, 2], axes)]
    pads = [int(size) for size in rng.integers(0, 3, 2 * axes)]
    size = _least(rng.integers(1, 14, axes), kernel, dilations, pads)
    x = maker.input((int(rng.integers(1, 4)), channels, *size))
    return maker.model(maker.convolution(
        x, filters, kernel, strides=strides, dilations=dilations, pads=pads, group=group))


def random_pool(rng):
    """A model of one pool, and its operand. A sum with itself makes one of integers a quantised
    model.
    """
    maker = GraphMaker(rng, _types(rng))
    kind = rng.choice(["largest", "average", "all"])
    kernel = [int(size) for size in rng.integers(1, 5, 2)]
    strides = [int(size) for size in rng.choice([1, 2, 3], 2)]
    dilations = [int(size) for size in rng.choice([1, 1, 1, 2], 2)] if kind == "largest" else [1, 1]
    pads = [int(rng.integers(0, size)) for size in (*kernel, *kernel)]
    size = _least(rng.integers(1, 14, 2), kernel, dilations, pads)
    x = maker.input((int(rng.integers(1, 4)), int(rng.integers(1, 40)), *size))
    if kind == "all":
        return maker.model(maker.average(x))
    if kind == "average":
        return maker.model(maker.average_pool(
            x, kernel, strides=strides, pads=pads, ratio=rng.choice([0.0371, 0.11, 0.531])))
    best = maker.max_pool(x, kernel, strides=strides, dilations=dilations, pads=pads,
                          ceil=int(rng.integers(2)))  # fmt: skip
    return maker.model(maker.sum(best, best))


def random_graph(rng):
    """A model of 2 to 8 operators, some with several that take their results, and its operand."""
    maker, length = GraphMaker(rng, _types(rng)), int(rng.integers(2, 9))
    channels, height, width = (int(size) for size in rng.integers(1, 12, 3))
    images = [maker.input((int(rng.integers(1, 4)), channels, height, width))]
    for _ in range(length):
        x = images[rng.integers(len(images))]
        shape = maker.shapes[x]
        kind = rng.choice(["convolution", "same", "largest", "sum", "table", "average"],
                          p=[0.25, 0.25, 0.1, 0.2, 0.15, 0.05])  # fmt: skip
        if kind in ("convolution", "same"):
            kernel = [3, 3] if kind == "same" else [int(k) for k in rng.integers(1, 4, 2)]
            stride = 1 if kind == "same" else int(rng.integers(1, 3))
            images.append(maker.convolution(
                x, shape[1] if kind == "same" else int(rng.integers(1, 20)), kernel,
                strides=[stride] * 2, dilations=[1, 1],
                pads=[k // 2 for k in kernel] * 2 if kind == "same" else [1] * 4))  # fmt: skip
        elif kind == "largest" and min(shape[2:]) > 1:
            images.append(maker.max_pool(x, [2, 2], strides=[2, 2], dilations=[1, 1], pads=[0] * 4))
        elif kind == "sum":
            others = [name for name in images if maker.shapes[name] == shape]
            images.append(maker.sum(x, others[rng.integers(len(others))]))
        elif kind == "average":
            images.append(maker.average(x))
        else:
            images.append(maker.table(x, str(rng.choice(["Sigmoid", "Tanh", "Gelu", "HardSwish"]))))
    outputs = {images[-1], images[rng.integers(1, len(images))]}
    if rng.random() < 0.5:
        value = maker.product(maker.flat(images[-1]), int(rng.integers(1, 20)))
        outputs.add(maker.product(value, 10))
    return maker.model(*sorted(outputs))
