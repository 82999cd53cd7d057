"""From operators of ONNX with a window to layers of the core."""

from fractions import Fraction

import numpy as np

from ..convolution.shape import Axis
from .image_layers import Convolution, MaxPool, Window
from .layers import Unplaced
from .layout import image_shape
from .operands import bias_of, bytes_of, constant, scalar, without_zero_point

__all__ = ["average_pool", "global_average_pool", "max_pool", "qlinear_conv"]


def _check_image(node, tensors):
    tensor = bytes_of(node, tensors)
    if len(tensor.shape) not in (3, 4):
        raise Unplaced(f"its operand {tensor.name} is not an image with one or two spatial axes")
    return tensor


def _window(node, a, y, kernel):
    """The window of an operator, with the padding that ONNX's attributes mean."""
    get, axes = node.attributes.get, len(a.shape) - 2
    strides, dilations = (list(get(name) or [1] * axes) for name in ("strides", "dilations"))
    pads, auto = list(get("pads") or [0] * 2 * axes), get("auto_pad", b"NOTSET").decode()
    # A single output takes no step, whatever the stride is.
    found = [Axis(outputs, size, stride if outputs > 1 else 1, dilation)
             for outputs, size, stride, dilation in zip(
                 y.shape[2:], kernel, strides, dilations, strict=True)]  # fmt: skip
    before = pads[:axes]
    if auto.startswith("SAME"):
        total = [max(0, axis.extent - size) for axis, size in zip(found, a.shape[2:], strict=True)]
        before = [size // 2 if auto == "SAME_UPPER" else -(-size // 2) for size in total]
    elif auto == "VALID":
        before = [0] * axes
    if axes == 1:
        found, before = [Axis(1, 1), *found], [0, *before]
    return Window(*found, *before)


def qlinear_conv(node, graph, tensors):
    """A convolution; groups are zeros among the weights."""
    if node.attributes.get("channels_last", 0):
        raise Unplaced("its channels are the last axis")
    a, y = _check_image(node, tensors), tensors[node.outputs[0]]
    scale_a, zero_a = (scalar(node, graph, i, "scale or zero point of X") for i in (1, 2))
    weight = constant(node, graph, 3, "weight")
    scale_w, zero_w = (constant(node, graph, i, "scale or zero point of W") for i in (4, 5))
    scale_y, zero_y = (scalar(node, graph, i, "scale or zero point of Y") for i in (6, 7))
    bias = constant(node, graph, 8, "bias") if node.input(8) else None
    filters = weight.shape[0]
    kernel = weight.shape[2:]
    flat = without_zero_point(weight.reshape(filters, -1), zero_w)
    scale = (scale_a * scale_w).astype(np.float32) / scale_y
    return Convolution(
        name=node.name, a=a, y=y, window=_window(node, a, y, kernel), fill=int(zero_a),
        weight=_ungrouped(flat.reshape(image_shape(weight.shape)), a.shape[1]),
        bias=bias_of(flat, zero_a, bias),
        scale=np.broadcast_to(np.asarray(scale, np.float32).reshape(-1), filters),
        zero_point=int(zero_y), groups=node.attributes.get("group", 1))  # fmt: skip


def _ungrouped(weight, channels):
    """(N, C / groups, KH, KW) weights as (N, KH, KW, C)."""
    filters, own = weight.shape[:2]
    found = np.zeros((filters, *weight.shape[2:], channels), weight.dtype)
    size = filters // (channels // own)     # filters of a group
    for group in range(channels // own):
        rows = slice(group * size, (group + 1) * size)
        found[rows, ..., group * own : (group + 1) * own] = weight[rows].transpose(0, 2, 3, 1)
    return found


def max_pool(node, graph, tensors):
    """The largest number under a window."""
    a, y = _check_image(node, tensors), tensors[node.outputs[0]]
    if len(node.outputs) > 1 and node.outputs[1]:
        raise Unplaced("its indices are wanted")
    return MaxPool(name=node.name, a=a, y=y, fill=int(np.iinfo(a.dtype).min),
                   window=_window(node, a, y, node.attributes["kernel_shape"]))  # fmt: skip


def _pool_operands(node, graph, tensors):
    if node.attributes.get("channels_last", 0):
        raise Unplaced("its channels are the last axis")
    a, y = _check_image(node, tensors), tensors[node.outputs[0]]
    what = "scale or zero point"
    scale_a, zero_a, scale_y, zero_y = (scalar(node, graph, i, what) for i in (1, 2, 3, 4))
    return a, y, np.float32(scale_a), int(zero_a), np.float32(scale_y), int(zero_y)


def _average(node, a, y, window, zero_a, scale, zero_y):
    """A sum of pixels: a convolution with ones, each channel for itself."""
    channels = a.shape[1]
    kernel = window.vertical.kernel, window.horizontal.kernel
    ones = np.ones((channels, 1, *kernel), np.int8)
    return Convolution(
        name=node.name, a=a, y=y, window=window, fill=zero_a, weight=_ungrouped(ones, channels),
        bias=bias_of(ones.reshape(channels, -1), zero_a, None),
        scale=np.full(channels, scale, np.float32), zero_point=zero_y, groups=channels)  # fmt: skip


def global_average_pool(node, graph, tensors):
    """The average of all pixels: of integers, with one scale, as ONNX Runtime has it."""
    a, y, scale_a, zero_a, scale_y, zero_y = _pool_operands(node, graph, tensors)
    _, _, height, width = image_shape(a.shape)
    scale = scale_a / (scale_y * np.float32(height * width))
    return _average(node, a, y, Window(Axis(1, height), Axis(1, width)), zero_a, scale, zero_y)


def average_pool(node, graph, tensors):
    """The average of numbers under a window, which ONNX Runtime computes in float32.

    Its roundings depend on the order of its sums. So it is placed where no sum of integers comes so
    near to the middle between two results that these could matter.
    """
    a, y, scale_a, zero_a, scale_y, zero_y = _pool_operands(node, graph, tensors)
    window = _window(node, a, y, node.attributes["kernel_shape"])
    partial = node.attributes.get("ceil_mode", 0) or not node.attributes.get("count_include_pad", 0)
    if any(window.border(a.shape)) and partial:
        raise Unplaced("numbers at the border are averages of fewer ones")
    taps = window.vertical.kernel * window.horizontal.kernel
    exact = Fraction(float(scale_a)) / (Fraction(float(scale_y)) * taps)
    low, high = (int(limit) - zero_a for limit in
                 (np.iinfo(a.dtype).min, np.iinfo(a.dtype).max))  # fmt: skip
    sums = np.arange(taps * min(low, 0), taps * max(high, 0) + 1)
    # Each addition may be off by half a unit of the largest sum; so may three more operations.
    error = (taps + 4) * 2.0**-23 * taps * max(abs(low), abs(high)) * float(exact)
    results = sums * float(exact)
    if np.abs(results - np.floor(results) - 0.5).min() <= error:
        raise Unplaced("ONNX Runtime's float32 sums may round to another number than exact ones")
    return _average(node, a, y, window, zero_a, np.float32(exact), zero_y)
