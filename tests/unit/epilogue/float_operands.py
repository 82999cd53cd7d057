"""Operands that try floating point where it is hard."""

import numpy as np

__all__ = ["integers", "numbers", "triples"]

#: Fractions at the ends of the range, and such as make ties.
_FRACTIONS = (0, 1, 2, 3, 0x3FFFFF, 0x400000, 0x400001, 0x555555, 0x7FFFFE, 0x7FFFFF)
_EXPONENTS = (0, 1, 2, 23, 24, 25, 100, 101, 102, 125, 126, 127, 128, 129, 150, 151, 152, 253, 254,
              255)  # fmt: skip


def directed():
    """All pairs of special exponents and fractions, of both signs; float32."""
    bits = [sign << 31 | exponent << 23 | fraction for sign in (0, 1)
            for exponent in _EXPONENTS for fraction in _FRACTIONS]  # fmt: skip
    return np.array(bits, np.uint32).view(np.float32)


def numbers(rng, count):
    """Float32 of all kinds: any bits, directed ones, and some of nearly the same size."""
    anything = rng.integers(0, 1 << 32, count, dtype=np.uint32).view(np.float32)
    near = np.ldexp(rng.uniform(-2, 2, count), rng.integers(-30, 30, count)).astype(np.float32)
    tiny = rng.integers(0, 1 << 24, count, dtype=np.uint32).view(np.float32)
    kinds = np.stack([anything, rng.choice(directed(), count), near, tiny])
    return kinds[rng.integers(0, len(kinds), count), np.arange(count)]


def triples(rng, count):
    """Factors and an addend.

    In a quarter, the addend nearly cancels the product. In another, the product is a tie or near
    one, and the addend has few bits, from far above the product to far below it.
    """
    x, y, z = (numbers(rng, count) for _ in range(3))
    with np.errstate(all="ignore"):
        opposite = (-x.astype(np.float64) * y).astype(np.float32).view(np.uint32)
        close = (opposite + rng.integers(-2, 3, count).astype(np.uint32)).view(np.float32)
        far = np.ldexp(close, rng.integers(-52, 52, count)).astype(np.float32)
    kind = rng.integers(0, 8, count)
    z = np.where(kind == 0, close, np.where(kind == 1, far, z))
    # 25 or 26 significant bits: those of a result, and one or two more. The first factor can be
    # subnormal.
    bits = rng.integers(2, 13, count)
    odd = [2 * rng.integers(1 << size - 2, 1 << size - 1) + 1.0 for size in (bits, 26 - bits)]
    scales = np.where(rng.integers(0, 2, count), -149, rng.integers(-90, 20, count))
    factors = [np.ldexp(odd[0], scales), np.ldexp(odd[1], rng.integers(0, 100, count))]
    exponent = np.frexp(factors[0] * factors[1])[1] + rng.integers(-90, 40, count)
    few = np.ldexp(rng.choice([-1.5, -1.25, -1, 0, 1, 1.25, 1.5], count), exponent)
    ties = kind >= 6
    with np.errstate(all="ignore"):
        return (np.where(ties, factors[0], x).astype(np.float32),
                np.where(ties, factors[1], y).astype(np.float32),
                np.where(ties, few, z).astype(np.float32))  # fmt: skip


def integers(rng, count):
    """INT32 of all sizes, with those that make ties among them."""
    values = rng.integers(-1 << 31, 1 << 31, count) >> rng.integers(0, 32, count)
    ties = (2 * rng.integers(1 << 23, 1 << 24, count) + 1) << rng.integers(0, 7, count)
    ends = rng.choice([0, 1, -1, (1 << 31) - 1, -1 << 31, 1 << 24, (1 << 24) + 1], count)
    kind = rng.integers(0, 4, count)
    chosen = np.where(kind == 0, ties, np.where(kind == 1, ends, values))
    return np.clip(chosen * rng.choice([-1, 1], count), -1 << 31, (1 << 31) - 1).astype(np.int32)
