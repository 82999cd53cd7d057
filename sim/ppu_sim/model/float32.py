"""Arithmetic of the epilogue, to the bit: IEEE 754 binary32, rounded to nearest, ties to even.

Subnormal numbers are kept, and every NaN that comes out is the canonical one. Arrays of any shape
are taken; they broadcast.
"""

import numpy as np

__all__ = ["from_int32", "multiply_add", "to_bfloat16", "to_float16", "to_int"]

_NAN = np.uint32(0x7FC00000).view(np.float32)


def from_int32(values):
    """INT32 as float32, rounded."""
    return np.asarray(values, np.int32).astype(np.float32)


def multiply_add(x, y, z):
    """``x * y + z``, rounded once.

    Parameters
    ----------
    x, y, z : float32 arrays

    Returns
    -------
    float32 array
        A sum of zero from different signs is +0.
    """
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        x, y, z = (np.asarray(value, np.float32).astype(np.float64) for value in (x, y, z))
        product = x * y                       # exact: 48 of 53 bits, and far from the ends
        total = product + z
        # What the sum lost, exactly. Where it lost something, the odd one of its two neighbours is
        # taken, so that rounding a second time does as rounding once would have done.
        gained = total - product
        lost = (product - (total - gained)) + (z - gained)
        even = total.view(np.int64) & 1 == 0
        inexact = np.isfinite(total) & (lost != 0) & even
        total = np.where(inexact, np.nextafter(total, np.copysign(np.inf, lost)), total)
        return _canonical(total.astype(np.float32))


def to_int(values, *, zero_point, low, high):
    """Float32 as integers: rounded, plus a zero point, saturated.

    Parameters
    ----------
    values : float32 array
    zero_point, low, high : int
        Within 16 bits, and ``low <= high``.

    Returns
    -------
    int32 array
        From `low` to `high`. NaN gives `low`.
    """
    values = np.asarray(values, np.float32)
    clipped = np.clip(np.where(np.isnan(values), -np.inf, values), low - zero_point,
                      high - zero_point)  # fmt: skip
    return np.rint(clipped).astype(np.int32) + np.int32(zero_point)


def to_bfloat16(values):
    """Float32 as bits of BF16, uint16."""
    values = np.asarray(values, np.float32)
    bits = _canonical(values).view(np.uint32).astype(np.uint64)
    rounded = bits + 0x7FFF + (bits >> 16 & 1)
    return (np.where(np.isnan(values), bits, rounded) >> 16).astype(np.uint16)


def to_float16(values):
    """Float32 as bits of FP16, uint16."""
    with np.errstate(over="ignore", under="ignore"):
        return _canonical(values).astype(np.float16).view(np.uint16)


def _canonical(values):
    values = np.asarray(values, np.float32)
    return np.where(np.isnan(values), _NAN, values)
