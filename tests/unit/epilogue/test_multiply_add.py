"""The multiply-add beside Berkeley SoftFloat."""

import numpy as np
import pytest
import softfloat_reference as reference
from float_operands import directed, triples
from pipeline import results
from softfloat_reference import compare

from ppu.epilogue.multiply_add import MultiplyAdd


def check(x, y, z):
    bits = {name: value.view(np.uint32) for name, value in (("x", x), ("y", y), ("z", z))}
    got = results(MultiplyAdd(), MultiplyAdd.LATENCY, "o", **bits)
    compare(got, reference.multiply_add(x, y, z), x, y, z)


@pytest.mark.parametrize("seed", range(4))
def test_random(seed):
    check(*triples(np.random.default_rng(seed), 2000))


def test_special_numbers():
    rng = np.random.default_rng(9)
    check(*(rng.choice(directed(), 4000) for _ in range(3)))


def test_subnormal_factor_nearly_cancelled():
    """The product has no bits to spare above the window's end."""
    rng = np.random.default_rng(5)
    count = 4000
    y = np.ldexp((1 << 23) + rng.integers(0, 4, count), rng.integers(30, 80, count))
    scale = np.frexp(y)[1] - 24 - 149
    z = np.ldexp(-rng.integers(1 << 23, 1 << 24, count), scale - rng.integers(0, 6, count))
    check(np.full(count, 1, np.uint32).view(np.float32), y.astype(np.float32),
          z.astype(np.float32))  # fmt: skip
