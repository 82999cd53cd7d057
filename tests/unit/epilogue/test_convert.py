"""Conversions beside Berkeley SoftFloat."""

import numpy as np
import pytest
import softfloat_reference as reference
from float_operands import directed, integers, numbers
from pipeline import results
from softfloat_reference import compare

from ppu.epilogue.convert import FromInt32, ToBFloat16, ToFloat16, ToInt8
from ppu_sim.model import float32


def test_from_int32():
    values = integers(np.random.default_rng(0), 4000)
    got = results(FromInt32(), FromInt32.LATENCY, "o", i=values)
    compare(got, reference.from_int32(values), values)


def operands(largest):
    """Directed numbers, ties and near ties of integers, and sizes up to two to the `largest`."""
    rng = np.random.default_rng(largest)
    halves = (rng.integers(-1200, 1200, 1000) / 2).astype(np.float32)
    beside = np.nextafter(halves, rng.choice([-np.inf, np.inf], len(halves)).astype(np.float32))
    sizes = np.ldexp(rng.uniform(-2, 2, 2000), rng.integers(-28, largest, 2000))
    few = np.ldexp(rng.integers(-1 << 13, 1 << 13, 2000), rng.integers(-40, largest - 12, 2000))
    return np.concatenate([directed(), numbers(rng, 1000), halves, beside,
                           sizes.astype(np.float32), few.astype(np.float32)])  # fmt: skip


@pytest.mark.parametrize("zero_point, low, high", [
    (0, -128, 127), (-128, -128, 127), (127, -128, 127), (3, 3, 77), (0, 0, 255), (255, 0, 255),
    (128, 128, 128),
])  # fmt: skip
def test_to_int8(zero_point, low, high):
    values = operands(10)
    dut = ToInt8()
    count = len(values)
    got = results(dut, ToInt8.LATENCY, "o", i=values.view(np.uint32),
                  zero_point=np.full(count, zero_point), low=np.full(count, low),
                  high=np.full(count, high))  # fmt: skip
    expected = float32.to_int(values, zero_point=zero_point, low=low, high=high)
    compare(got, expected & 0xFF, values)


@pytest.mark.parametrize("part, expected", [
    (ToFloat16, reference.float16), (ToBFloat16, reference.bfloat16)])  # fmt: skip
def test_narrow(part, expected):
    values = operands(18)
    compare(results(part(), part.LATENCY, "o", i=values.view(np.uint32)), expected(values), values)
