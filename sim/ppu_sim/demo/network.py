"""A multi-layer perceptron in float, and its INT8 form with static scales.

Everything is quantised symmetrically: ``real = scale * integer``, integers from -127 to 127, one
scale per tensor. The scales of the activations come from the training images and are fixed from
then on. A layer of the INT8 network computes

    sums = x . weight^T               INT8 x INT8 -> INT32: the matrix product, on the core
    sums = sums + bias                INT32
    y    = saturate(round(float32(sums) * multiplier))      hidden layers only

with ``multiplier = scale_x * scale_weight / scale_y`` in float32, both roundings to nearest even,
and saturation to 0..127, which is also the ReLU. The sums of the last layer are the logits.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Layer", "Network", "QuantizedNetwork", "accuracy", "quantize", "requantize", "scale_of"]

#: Largest magnitude of a quantised value.
LIMIT = 127


def scale_of(values):
    """The symmetric scale that maps the largest magnitude in `values` to 127."""
    largest = float(np.max(np.abs(values), initial=0.0))
    return np.float32(largest / LIMIT) if largest else np.float32(1)


def quantize(values, scale):
    """`values` as INT8 of the given scale: rounded to nearest even, saturated to -127..127."""
    steps = np.rint(np.asarray(values, np.float32) / np.float32(scale))
    return np.clip(steps, -LIMIT, LIMIT).astype(np.int8)


def requantize(sums, multiplier):
    """INT32 `sums` times float32 `multiplier` as INT8, with ReLU: rounded, saturated to 0..127."""
    steps = np.rint(sums.astype(np.float32) * np.float32(multiplier))
    return np.clip(steps, 0, LIMIT).astype(np.int8)


def accuracy(logits, labels):
    """Share of rows of `logits` whose largest column is the label; the first one wins a tie."""
    return float(np.mean(np.argmax(logits, axis=1) == labels))


@dataclass(frozen=True)
class Network:
    """Layers in float32: `weights[i]` is (outputs, inputs), `biases[i]` is (outputs,)."""

    weights: tuple
    biases: tuple

    def activations(self, x):
        """Inputs of every layer, then the logits."""
        values = [np.asarray(x, np.float32)]
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            y = values[-1] @ weight.T + bias
            values.append(np.maximum(y, 0) if index < len(self.weights) - 1 else y)
        return values

    def logits(self, x):
        """Scores of each class, one row per row of `x`."""
        return self.activations(x)[-1]


@dataclass(frozen=True)
class Layer:
    """A quantised layer.

    Parameters
    ----------
    weight : numpy.ndarray of int8, shape (outputs, inputs)
    bias : numpy.ndarray of int32, shape (outputs,)
        In units of ``scale_x * scale_weight``, like the sums.
    multiplier : numpy.float32 or None
        From sums to the next layer's input; None in the last layer.
    """

    weight: np.ndarray
    bias: np.ndarray
    multiplier: np.float32 | None


@dataclass(frozen=True)
class QuantizedNetwork:
    """Layers in INT8, and the scale of the input."""

    input_scale: np.float32
    layers: tuple

    @classmethod
    def from_float(cls, network, calibration):
        """Quantises `network`; the activations' scales are those of the images `calibration`."""
        inputs = network.activations(calibration)[:-1]
        scales = [scale_of(values) for values in inputs]
        layers = []
        for index, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
            weight_scale = scale_of(weight)
            sum_scale = scales[index] * weight_scale
            last = index == len(scales) - 1
            layers.append(Layer(
                weight=quantize(weight, weight_scale),
                bias=np.rint(bias / sum_scale).astype(np.int32),
                multiplier=None if last else sum_scale / scales[index + 1],
            ))  # fmt: skip
        return cls(scales[0], tuple(layers))

    def logits(self, x, linear):
        """INT32 scores of each class, one row per row of `x`.

        `linear(x, weight)` is the matrix product ``x . weight^T`` of int8 arrays as int32: all
        that is not done here.
        """
        x = quantize(x, self.input_scale)
        for layer in self.layers:
            sums = linear(x, layer.weight) + layer.bias
            x = sums if layer.multiplier is None else requantize(sums, layer.multiplier)
        return x
