"""Integers to float32 and back, and float32 to shorter formats."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .numbers import NAN, Float32, leading_zeros, registered, shifted_left, shifted_right

__all__ = ["FromInt32", "ToBFloat16", "ToFloat16", "ToInt8"]

_BIAS = 127


class FromInt32(wiring.Component):
    """INT32 to float32, to nearest, ties to even.

    Latency `LATENCY` cycles, throughput one per cycle, registers without reset.

    Members
    -------
    i : In(signed(32))
        Number.
    o : Out(Float32)
        The number `LATENCY` cycles before.
    """
    LATENCY = 4

    i: In(signed(32))
    o: Out(Float32)

    def elaborate(self, platform):
        m = Module()
        sign = self.i[-1]
        a = registered(m, "a", magnitude=((self.i ^ sign.replicate(32)) + sign)[:32], sign=sign)
        b = registered(
            m, "b", magnitude=a.magnitude, up=leading_zeros(a.magnitude)[:5],
            is_zero=~a.magnitude.any(), sign=a.sign)
        c = registered(
            m, "c", magnitude=shifted_left(b.magnitude, b.up), sign=b.sign,
            exponent=Mux(b.is_zero, 0, _BIAS + 31 - b.up)[:8])
        # The highest bit is not stored.
        kept, half, rest = c.magnitude[8:31], c.magnitude[7], c.magnitude[:7]
        up = half & (rest.any() | kept[0])
        o = registered(m, "o", bits=Cat((Cat(kept, c.exponent) + up)[:31], c.sign))
        m.d.comb += self.o.as_value().eq(o.bits)
        return m


class ToInt8(wiring.Component):
    """Float32 to INT8 or UINT8: rounded to nearest, ties to even, plus a zero point, saturated.

    Latency `LATENCY` cycles, throughput one per cycle, registers without reset. The limits and the
    zero point are those of the cycle before the result.

    Members
    -------
    i : In(Float32)
        Number.
    zero_point, low, high : In(signed(9))
        -128 to 255, with ``low <= high``.
    o : Out(8)
        The number `LATENCY` cycles before, from `low` to `high`; NaN is `low`.
    """
    LATENCY = 4

    i: In(Float32)
    zero_point: In(signed(9))
    low: In(signed(9))
    high: In(signed(9))
    o: Out(8)

    def elaborate(self, platform):
        m = Module()
        # From 512 on, any zero point leaves a number beyond the limits.
        most = 9
        number = self.i
        a = registered(
            m, "a", significand=number.significand, sign=number.sign | number.is_nan,
            is_large=number.exponent >= _BIAS + most,
            # Below 1/4, there is nothing to round up.
            is_small=number.exponent < _BIAS - 2,
            down=(_BIAS + most - 1 - number.exponent)[:4])
        # At the top the integer, below it its fraction; none of its bits are lost.
        aligned = shifted_right(Cat(C(0, most + 2), a.significand), a.down)
        b = registered(m, "b", aligned=Mux(a.is_small, 0, aligned), is_large=a.is_large,
                       sign=a.sign)  # fmt: skip
        whole, half, rest = b.aligned[-most:], b.aligned[-most - 1], b.aligned[: -most - 1]
        c = registered(m, "c", magnitude=whole + (half & (rest.any() | whole[0])),
                       is_large=b.is_large, sign=b.sign)  # fmt: skip
        shifted = Signal(signed(12))
        m.d.comb += shifted.eq(Mux(c.sign, -c.magnitude, c.magnitude) + self.zero_point)
        below = Mux(c.is_large, c.sign, shifted < self.low)
        above = Mux(c.is_large, ~c.sign, shifted > self.high)
        o = registered(m, "o", bits=Mux(below, self.low, Mux(above, self.high, shifted))[:8])
        m.d.comb += self.o.eq(o.bits)
        return m


class ToBFloat16(wiring.Component):
    """Float32 to BF16, to nearest, ties to even; any NaN becomes the canonical one.

    Latency `LATENCY` cycles, throughput one per cycle, registers without reset.

    Members
    -------
    i : In(Float32)
        Number.
    o : Out(16)
        Bits of the number `LATENCY` cycles before.
    """
    LATENCY = 1

    i: In(Float32)
    o: Out(16)

    def elaborate(self, platform):
        m = Module()
        bits = self.i.as_value()
        up = bits[15] & (bits[:15].any() | bits[16])
        o = registered(m, "o", bits=Mux(self.i.is_nan, NAN >> 16, (bits[16:] + up)[:16]))
        m.d.comb += self.o.eq(o.bits)
        return m


class ToFloat16(wiring.Component):
    """Float32 to FP16, to nearest, ties to even, subnormal numbers kept; NaN is the canonical one.

    Latency `LATENCY` cycles, throughput one per cycle, registers without reset.

    Members
    -------
    i : In(Float32)
        Number.
    o : Out(16)
        Bits of the number `LATENCY` cycles before.
    """
    LATENCY = 3

    #: Bits of FP16's fraction, and its field of infinity.
    _FRACTION, _INFINITE = 10, 31

    i: In(Float32)
    o: Out(16)

    def elaborate(self, platform):
        m = Module()
        number = self.i
        # Exponent of FP16; not above 0 for subnormal numbers.
        exponent = Signal(signed(10))
        m.d.comb += exponent.eq(number.exponent - (_BIAS - 15))
        is_small = exponent <= 0
        down = (1 - exponent)[:5]
        a = registered(
            m, "a", significand=number.significand,
            down=Mux(is_small, Mux(exponent < -14, 15, down), 0)[:4],
            exponent=Mux(is_small, 0, exponent)[:5],
            is_infinite=exponent >= self._INFINITE, is_nan=number.is_nan, sign=number.sign)
        aligned = shifted_right(Cat(C(0, 15), a.significand), a.down)
        kept = aligned[-self._FRACTION - 1: -1]
        b = registered(
            m, "b", bits=Cat(kept, a.exponent),
            up=aligned[-self._FRACTION - 2] & (aligned[: -self._FRACTION - 2].any() | kept[0]),
            is_infinite=a.is_infinite, is_nan=a.is_nan, sign=a.sign)
        finite = (b.bits + b.up)[:15]
        o = registered(m, "o", bits=Mux(b.is_nan, 0x7E00, Cat(
            Mux(b.is_infinite, self._INFINITE << self._FRACTION, finite)[:15], b.sign)))
        m.d.comb += self.o.eq(o.bits)
        return m
