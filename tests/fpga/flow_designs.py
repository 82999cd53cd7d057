"""Small designs for the flow."""

from amaranth import *
from amaranth.lib import io, wiring
from amaranth.lib.wiring import In, Out

from ppu_fpga.boards.clock.source import ClockSource

__all__ = ["Accumulate", "Blink", "Constant", "Pair"]


class Accumulate(wiring.Component):
    """Adds every input to a sum."""
    step: In(8)
    sum: Out(16)

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.sum.eq(self.sum + self.step)
        return m


class Pair(wiring.Component):
    """Two elements in a row: each adds its input times a weight to the sum that comes in."""
    i: In(8).array(2)
    weight: In(8).array(2)
    o: Out(20)

    def elaborate(self, platform):
        m = Module()
        total = 0
        for index in range(2):
            m.submodules[f"element_{index}"] = element = Element()
            m.d.comb += [element.i.eq(self.i[index]), element.weight.eq(self.weight[index]),
                         element.i_sum.eq(total)]  # fmt: skip
            total = element.o_sum
        m.d.comb += self.o.eq(total)
        return m


class Element(wiring.Component):
    """One multiply and add."""
    i: In(8)
    weight: In(8)
    i_sum: In(20)
    o_sum: Out(20)

    def elaborate(self, platform):
        m = Module()
        product = Signal(16)
        m.d.sync += [product.eq(self.i * self.weight), self.o_sum.eq(self.i_sum + product)]
        return m


class Constant(wiring.Component):
    """Has no input."""
    o: Out(1)

    def elaborate(self, platform):
        return Module()


class Blink(Elaboratable):
    """Blinks a board's first lamp, from the clock of its PLL."""

    def __init__(self, design):
        self.design = design

    def elaborate(self, platform):
        m = Module()
        board, pll = self.design.board, self.design.pll
        m.domains.sync = domain = ClockDomain(reset_less=True)
        m.submodules.clock = clock = ClockSource(pll, platform.request(board.oscillator, dir="-"))
        m.submodules.led = led = io.Buffer("o", platform.request("led", 0, dir="-"))
        timer = Signal(24)
        m.d.sync += timer.eq(timer + clock.locked)
        m.d.comb += [domain.clk.eq(clock.clk), led.o.eq(timer[-1])]
        return m
