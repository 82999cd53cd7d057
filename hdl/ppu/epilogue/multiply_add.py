"""Fused multiply-add."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..lib.product import Product
from .numbers import INFINITE, NAN, Float32, leading_zeros, registered, shifted_left, shifted_right

__all__ = ["MultiplyAdd"]

#: Bits of a significand.
_BITS = 24
#: The sum's window: the addend at the top, two bits of distance, the product, and two below it.
_BELOW = 2
_ADDEND = _BELOW + 2 * _BITS + 2
_WINDOW = _ADDEND + _BITS
#: Exponent of the product less that of the addend, at which the addend is at the top.
_TOP = 100
#: Bits that the first of two shifters moves by.
_COARSE = 16


class MultiplyAdd(wiring.Component):
    """``x * y + z`` in float32, rounded once.

    IEEE 754 binary32, to nearest, ties to even. Subnormal numbers are kept, and any NaN is the
    canonical one. Latency `LATENCY` cycles, throughput one result per cycle. The registers hold
    data only and have no reset. ::

        stage   product                          addend
        u       significands in multipliers      exponents, special values
        v       four products                    how far down it goes
        w       their sum, in part               the same, within the window
        a       the product                      moved by 16s
        f                                        moved by 1s; what falls out is remembered
        s       the sum, of 76 bits and a sign
        n       its magnitude
        c       leading zeros
        l       how far up it goes: not beyond the exponent of subnormal numbers
        h, i    moved by 16s, by 1s
        r       whether it is rounded up
        o       the result

    The window holds all bits of the product. An addend far above it is moved to the top of the
    window; the product is then less than a quarter of its last bit, which is all that rounding asks
    of it. Of an addend below the window, only whether there is one matters: a product with a
    significant bit has at least 24 of them above the window's end, unless both factors are
    subnormal, and then every addend is far above.

    Members
    -------
    x, y, z : In(Float32)
        Operands.
    o : Out(Float32)
        Result of the operands `LATENCY` cycles before.
    """
    LATENCY = 13

    x: In(Float32)
    y: In(Float32)
    z: In(Float32)
    o: Out(Float32)

    def elaborate(self, platform):
        m = Module()
        x, y, z = self.x, self.y, self.z
        low_low, low_high, high_low, high_high = self._products(m)
        u = registered(
            m, "u", exponents=x.scale + y.scale, z_scale=z.scale, z=z.significand,
            minus=x.sign ^ y.sign, z_minus=z.sign,
            nan=(x.is_nan | y.is_nan | z.is_nan
                 | x.is_infinite & y.is_zero | x.is_zero & y.is_infinite),
            no_product=x.is_zero | y.is_zero,
            infinite=x.is_infinite | y.is_infinite, z_infinite=z.is_infinite)
        v = registered(
            m, "v", down=(u.exponents - u.z_scale - _TOP)[:11], top=u.exponents - _TOP,
            z_scale=u.z_scale, z=u.z, no_product=u.no_product, minus=u.minus, z_minus=u.z_minus,
            nan=u.nan | u.infinite & u.z_infinite & (u.minus ^ u.z_minus),
            infinite=u.infinite | u.z_infinite, infinite_minus=Mux(u.infinite, u.minus, u.z_minus))
        is_far = v.down[-1] | v.no_product
        beyond = v.down[7:].any().replicate(7)
        w = registered(
            m, "w", mid=low_high + high_low, ends=Cat(low_low, high_high), z=v.z,
            down=Mux(is_far, 0, v.down[:7] | beyond),
            top=Mux(is_far, v.z_scale, v.top[:10]), **self._kept(v))
        coarse = shifted_right(Cat(C(0, _ADDEND), w.z), w.down[4:], unit=_COARSE)
        gone = Mux(w.down[6], Mux(w.down[4:6].any(), w.z.any(), w.z[: 4 * _COARSE - _ADDEND].any()),
                   0)  # fmt: skip
        a = registered(
            m, "a", product=(w.ends + (w.mid << _BITS // 2))[: 2 * _BITS], z=coarse, lost=gone,
            down=w.down[:4], top=w.top, **self._kept(w))
        fallen = (a.z & ~shifted_left(C(-1, _WINDOW), a.down))[: _COARSE - 1]
        f = registered(
            m, "f", product=a.product, z=shifted_right(a.z, a.down), lost=a.lost | fallen.any(),
            top=a.top, **self._kept(a))
        subtracts = f.minus ^ f.z_minus
        addend = Cat(f.z, C(0, 1)) ^ subtracts.replicate(_WINDOW + 1)
        s = registered(
            m, "s", total=(Cat(C(0, _BELOW), f.product) + addend
                           + (subtracts & ~f.lost))[: _WINDOW + 1],
            lost=f.lost, top=f.top, **self._kept(f))
        below_zero = s.total[-1]
        n = registered(
            m, "n", magnitude=((s.total ^ below_zero.replicate(_WINDOW + 1))
                               + below_zero)[:_WINDOW],
            is_zero=(s.total == 0), both_minus=s.minus & s.z_minus,
            sign=Mux(below_zero, s.z_minus, s.minus), lost=s.lost, top=s.top, **self._special(s))
        return self._round(m, n)

    def _products(self, m):
        """Products of the halves of both significands, two cycles later."""
        half = _BITS // 2
        products = []
        for name, first, second in (("low_low", 0, 0), ("low_high", 0, 1), ("high_low", 1, 0),
                                    ("high_high", 1, 1)):  # fmt: skip
            m.submodules[name] = product = Product(half)
            m.d.comb += [
                product.i_take.eq(1), product.i_a.eq(self.x.significand.word_select(first, half)),
                product.i_b.eq(self.y.significand.word_select(second, half)),
            ]
            products.append(product.o_product)
        return products

    def _special(self, stage):
        return {name: getattr(stage, name) for name in ("nan", "infinite", "infinite_minus")}

    def _kept(self, stage):
        return {"minus": stage.minus, "z_minus": stage.z_minus, **self._special(stage)}

    def _round(self, m, n):
        """From the magnitude and the exponent of the window's top to the result."""
        def result(stage):
            return {"sign": stage.sign, **self._special(stage)}

        c = registered(
            m, "c", magnitude=n.magnitude, zeros=leading_zeros(n.magnitude), top=n.top,
            lost=n.lost, is_zero=n.is_zero, sign=Mux(n.is_zero, n.both_minus, n.sign),
            **self._special(n))
        is_normal = c.zeros < c.top
        l = registered(  # noqa: E741
            m, "l", magnitude=c.magnitude, up=Mux(is_normal, c.zeros, c.top - 1)[:7],
            exponent=Mux(is_normal & ~c.is_zero, c.top - c.zeros, 0)[:10], lost=c.lost, **result(c))
        h = registered(
            m, "h", magnitude=shifted_left(l.magnitude, l.up[4:], unit=_COARSE), up=l.up[:4],
            exponent=l.exponent, lost=l.lost, **result(l))
        i = registered(
            m, "i", magnitude=shifted_left(h.magnitude, h.up), exponent=h.exponent, lost=h.lost,
            **result(h))
        significand, rest = i.magnitude[_ADDEND:], i.magnitude[:_ADDEND]
        r = registered(
            m, "r", bits=Cat(significand[: _BITS - 1], i.exponent),
            up=rest[-1] & (rest[:-1].any() | i.lost | significand[0]), **result(i))
        rounded = (r.bits + r.up)[: len(r.bits)]
        overflows = rounded[_BITS - 1:] >= INFINITE
        finite = Mux(overflows, INFINITE << (_BITS - 1), rounded)[:31]
        o = registered(m, "o", bits=Mux(r.nan, NAN, Mux(
            r.infinite, Cat(C(INFINITE << (_BITS - 1), 31), r.infinite_minus),
            Cat(finite, r.sign))))
        m.d.comb += self.o.as_value().eq(o.bits)
        return m
