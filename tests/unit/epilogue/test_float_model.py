"""The model's floating point beside Berkeley SoftFloat, on more than ten million operands."""

import numpy as np
import pytest
import softfloat_reference as reference
from float_operands import directed, integers, numbers, triples
from softfloat_reference import compare

from ppu_sim.model import float32

#: Operands of a test.
COUNT = 1_000_000


@pytest.mark.parametrize("seed", range(10))
def test_multiply_add(seed):
    x, y, z = triples(np.random.default_rng(seed), COUNT)
    got = float32.multiply_add(x, y, z).view(np.uint32)
    compare(got, reference.multiply_add(x, y, z), x, y, z)


def test_multiply_add_of_special_numbers():
    special = directed()[::7]
    x, y, z = (grid.ravel() for grid in np.meshgrid(special, special, special))
    got = float32.multiply_add(x, y, z).view(np.uint32)
    compare(got, reference.multiply_add(x, y, z), x, y, z)


def test_from_int32():
    values = integers(np.random.default_rng(0), COUNT)
    compare(float32.from_int32(values).view(np.uint32), reference.from_int32(values), values)


def narrow_operands(seed):
    """Numbers of all kinds, and many in the range of FP16."""
    rng = np.random.default_rng(seed)
    sizes = np.ldexp(rng.uniform(-2, 2, COUNT // 2), rng.integers(-28, 20, COUNT // 2))
    return np.concatenate([directed(), numbers(rng, COUNT // 2), sizes.astype(np.float32)])


def test_to_float16():
    values = narrow_operands(1)
    compare(float32.to_float16(values), reference.float16(values), values)


def test_to_bfloat16():
    values = narrow_operands(2)
    compare(float32.to_bfloat16(values), reference.bfloat16(values), values)


@pytest.mark.parametrize("zero_point, low, high", [
    (0, -128, 127), (-128, -128, 127), (127, -128, 127), (3, 3, 77), (0, 0, 255), (255, 0, 255),
])  # fmt: skip
def test_to_int(zero_point, low, high):
    rng = np.random.default_rng(3)
    halves = (rng.integers(-600, 600, COUNT // 8) / 2).astype(np.float32)
    beside = np.nextafter(halves, rng.choice([-np.inf, np.inf], len(halves)).astype(np.float32))
    values = np.concatenate([directed(), numbers(rng, COUNT // 8), halves, beside])
    # Beyond INT32, SoftFloat has an answer of its own; these saturate long before.
    bounded = np.clip(np.where(np.isnan(values), -1e6, values), -1e6, 1e6).astype(np.float32)
    expected = np.clip(reference.rounded(bounded).astype(np.int64) + zero_point, low, high)
    got = float32.to_int(values, zero_point=zero_point, low=low, high=high)
    compare(got, expected.astype(np.int32), values)
