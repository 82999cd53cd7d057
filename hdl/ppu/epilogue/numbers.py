"""Floating-point numbers as bits, and what all parts do with them."""

from types import SimpleNamespace

from amaranth import *
from amaranth.lib import data

__all__ = ["INFINITE", "NAN", "Float32", "leading_zeros", "registered", "shifted_left",
           "shifted_right"]  # fmt: skip

#: Exponent field of infinity and NaN.
INFINITE = 255
#: The only NaN that comes out of any part.
NAN = 0x7FC00000


class Float32(data.Struct):
    """IEEE 754 binary32."""
    fraction: 23
    exponent: 8     # 0: zero or subnormal; 255: infinity or NaN
    sign:     1

    @property
    def significand(self):
        """24 bits: the fraction below the bit that is not stored."""
        return Cat(self.fraction, self.exponent.any())

    @property
    def scale(self):
        """The exponent of normal numbers; 1 for subnormal ones, whose weights are the same."""
        return Cat(self.exponent[0] | ~self.exponent.any(), self.exponent[1:])

    @property
    def is_zero(self):
        return ~self.exponent.any() & ~self.fraction.any()

    @property
    def is_infinite(self):
        return self.exponent.all() & ~self.fraction.any()

    @property
    def is_nan(self):
        return self.exponent.all() & self.fraction.any()


def registered(m, stage, **values):
    """Registers that take `values`, by name, called ``{stage}_{name}``.

    They hold data only, so a reset leaves them alone.
    """
    registers = {}
    for name, value in values.items():
        shape = value.shape() if isinstance(value, Value | data.View) else None
        registers[name] = Signal(shape, name=f"{stage}_{name}", reset_less=True)
        m.d.sync += registers[name].eq(value)
    return SimpleNamespace(**registers)


def leading_zeros(value):
    """Zeros above the highest one of `value`: ``len(value)`` if there is none."""
    width = 1 << (len(value) - 1).bit_length()
    padded = Cat(C(0, width - len(value)), value)
    # From pairs up: in a half without a one, all of its bits are counted.
    counts = [(~bit, bit) for bit in padded]
    while len(counts) > 1:
        counts = [(Cat(Mux(high_any, high, low), ~high_any), high_any | low_any)
                  for (low, low_any), (high, high_any) in zip(counts[::2], counts[1::2],
                                                              strict=True)]  # fmt: skip
    count, found = counts[0]
    return Mux(found, count[1:], len(value))


def shifted_left(value, amount, *, unit=1):
    """`value` moved up by `amount` units of bits, zeros below; as wide as it was."""
    for place, bit in enumerate(amount):
        value = Mux(bit, (value << (unit << place))[: len(value)], value)
    return value


def shifted_right(value, amount, *, unit=1):
    """`value` moved down by `amount` units of bits, zeros above; as wide as it was."""
    for place, bit in enumerate(amount):
        value = Mux(bit, value >> (unit << place), value)[: len(value)]
    return value
