"""The digits demo's network: its quantisation, its accuracy, and that it is the same every time."""

import numpy as np
import pytest

from ppu_sim.demo import digits as task
from ppu_sim.demo.network import QuantizedNetwork, accuracy, quantize, requantize, scale_of


def linear(x, weight):
    """The matrix product as the core defines it."""
    assert x.dtype == weight.dtype == np.int8
    return x.astype(np.int32) @ weight.astype(np.int32).T


@pytest.fixture(scope="module")
def digits():
    return task.load()


@pytest.fixture(scope="module")
def network(digits):
    return task.train(digits)


@pytest.fixture(scope="module")
def quantized(network, digits):
    return QuantizedNetwork.from_float(network, digits.images[digits.train])


def test_scale_maps_the_largest_magnitude_to_127():
    values = np.array([-2.54, 0.02, 1.0], np.float32)
    assert scale_of(values) == np.float32(2.54 / 127)
    assert quantize(values, scale_of(values)).tolist() == [-127, 1, 50]


def test_scale_of_nothing_but_zeros_is_one():
    assert scale_of(np.zeros(3)) == 1


def test_quantize_rounds_to_nearest_even_and_saturates():
    values = [0.5, 1.5, 2.5, -0.5, -1.5, 126.6, 200, -128, -1000]
    assert quantize(values, 1).tolist() == [0, 2, 2, 0, -2, 127, 127, -127, -127]


def test_requantize_is_relu_rounding_and_saturation():
    sums = np.array([-1000, -1, 0, 1, 3, 5, 253, 254, 255, 2**31 - 1], np.int32)
    assert requantize(sums, 0.5).tolist() == [0, 0, 0, 0, 2, 2, 126, 127, 127, 127]


def test_requantize_converts_the_sum_to_float32_first():
    # 2^24 + 1 has no float32; it becomes 2^24, and 2^24 * 2^-18 is exactly 64.
    assert requantize(np.array([2**24 + 1], np.int32), 2.0**-18).tolist() == [64]


def test_split_is_fixed_disjoint_complete_and_even(digits):
    assert (len(digits.train), len(digits.test)) == (1437, 360)
    assert sorted([*digits.train, *digits.test]) == list(range(1797))
    assert np.array_equal(task.load().test, digits.test)
    assert min(np.bincount(digits.labels[digits.test])) >= 34


def test_training_is_deterministic(network, digits):
    again = task.train(digits)
    for one, other in zip(network.weights + network.biases, again.weights + again.biases,
                          strict=True):  # fmt: skip
        assert np.array_equal(one, other)


def test_tensors_have_the_types_and_ranges_of_the_core(quantized):
    first, last = quantized.layers
    assert (first.weight.shape, last.weight.shape) == ((128, 64), (10, 128))
    for layer in quantized.layers:
        assert (layer.weight.dtype, layer.bias.dtype) == (np.int8, np.int32)
        assert np.abs(layer.weight.astype(int)).max() == 127
    assert first.multiplier.dtype == np.float32
    assert last.multiplier is None


def test_integer_network_is_within_one_percent_of_the_float_one(quantized, network, digits):
    images, labels = digits.images[digits.test], digits.labels[digits.test]
    in_float = accuracy(network.logits(images), labels)
    in_integers = accuracy(quantized.logits(images, linear), labels)
    assert in_float > 0.96
    assert abs(in_float - in_integers) <= 0.01


def test_logits_are_int32_and_do_not_depend_on_the_batch(quantized, digits):
    images = digits.images[digits.test][:20]
    together = quantized.logits(images, linear)
    one_by_one = np.concatenate([quantized.logits(image[None], linear) for image in images])
    assert together.dtype == np.int32
    assert np.array_equal(together, one_by_one)


def test_accuracy_takes_the_first_of_equal_scores():
    logits = np.array([[1, 1], [0, 2], [3, 2], [0, 0]])
    assert accuracy(logits, np.array([0, 1, 1, 1])) == 0.5
