"""A product of counts and strides."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..lib.lowering import lowered

__all__ = ["Product"]


class Product(wiring.Component):
    """Multiplies two unsigned 16-bit numbers, between registers.

    Latency two cycles, throughput one product per cycle. The registers hold data only and have no
    reset. A form with a multiplier that has such registers may take this one's place, see
    :mod:`ppu.lib.lowering`.

    Members
    -------
    i_a, i_b, i_take : In
        Factors, and whether they replace those that are there.
    o_product : Out(32)
        Product of those that were there a cycle ago.
    """
    i_a: In(16)
    i_b: In(16)
    i_take: In(1)
    o_product: Out(32)

    def elaborate(self, platform):
        special = lowered(self, platform)
        if special is not None:
            return special
        m = Module()
        a, b = Signal(16, reset_less=True), Signal(16, reset_less=True)
        product = Signal(32, reset_less=True)
        with m.If(self.i_take):
            m.d.sync += [a.eq(self.i_a), b.eq(self.i_b)]
        m.d.sync += product.eq(a * b)
        m.d.comb += self.o_product.eq(product)
        return m
