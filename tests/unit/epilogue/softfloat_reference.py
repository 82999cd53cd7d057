"""Berkeley SoftFloat on arrays: float32 and integers in, bits out, the canonical NaN for any."""

import numpy as np
import pytest
import softfloatpy as softfloat

__all__ = ["bfloat16", "compare", "float16", "from_int32", "multiply_add", "rounded"]


def multiply_add(x, y, z):
    take = softfloat.Float32.from_bytes
    results = [softfloat.f32_mul_add(take(a), take(b), take(c)).to_bytes()
               for a, b, c in zip(*map(_words, (x, y, z)), strict=True)]  # fmt: skip
    bits = _bits(results, 4)
    return np.where(np.isnan(bits.view(np.float32)), np.uint32(0x7FC00000), bits)


def from_int32(values):
    take = softfloat.Int32.from_bytes
    return _bits([softfloat.i32_to_f32(take(x)).to_bytes() for x in _words(values)], 4)


def float16(values):
    return _narrow(softfloat.f32_to_f16, values, 0x7E00)


def bfloat16(values):
    return _narrow(softfloat.f32_to_bf16, values, 0x7FC0)


def rounded(values):
    """Float32 within INT32, rounded to nearest, ties to even, as INT32."""
    take = softfloat.Float32.from_bytes
    return _bits([softfloat.f32_to_i32(take(x)).to_bytes() for x in _words(values)], 4).view(
        np.int32)  # fmt: skip


def compare(got, expected, *operands):
    """Fails if bits differ, and tells the first operands for which they do."""
    wrong = np.flatnonzero(got != expected)
    if len(wrong):
        at = wrong[0]
        told = [hex(int(operand[at].view(f"u{operand.itemsize}"))) for operand in operands]
        pytest.fail(f"{len(wrong)} of {len(got)} differ, first {told}: "
                    f"{int(got[at]):#x}, not {int(expected[at]):#x}")  # fmt: skip


def _narrow(function, values, nan):
    take = softfloat.Float32.from_bytes
    bits = _bits([function(take(x)).to_bytes() for x in _words(values)], 2)
    return np.where(np.isnan(values), np.uint16(nan), bits)


def _words(values):
    """The bytes of each value, as SoftFloat takes them."""
    size = values.itemsize
    big = values.view(f"u{size}").astype(f">u{size}").tobytes()
    return [big[start : start + size] for start in range(0, len(big), size)]


def _bits(words, size):
    return np.frombuffer(b"".join(words), f">u{size}").astype(f"u{size}")
