"""A product between registers."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .lowering import lowered

__all__ = ["Product"]


class Product(wiring.Component):
    """Multiplies two unsigned numbers, between registers.

    Latency two cycles, throughput one product per cycle. The registers hold data only and have no
    reset. A form with a multiplier that has such registers may take this one's place, see
    :mod:`ppu.lib.lowering`.

    Parameters
    ----------
    width : int
        Bits of each factor.

    Members
    -------
    i_a, i_b, i_take : In(width), In(width), In(1)
        Factors, and whether they replace those that are there.
    o_product : Out(2 * width)
        Product of those that were there a cycle ago.
    """

    def __init__(self, width):
        self.width = width
        super().__init__({
            "i_a": In(width), "i_b": In(width), "i_take": In(1), "o_product": Out(2 * width)})

    def elaborate(self, platform):
        special = lowered(self, platform)
        if special is not None:
            return special
        m = Module()
        a, b = Signal(self.width, reset_less=True), Signal(self.width, reset_less=True)
        product = Signal(2 * self.width, reset_less=True)
        with m.If(self.i_take):
            m.d.sync += [a.eq(self.i_a), b.eq(self.i_b)]
        m.d.sync += product.eq(a * b)
        m.d.comb += self.o_product.eq(product)
        return m
