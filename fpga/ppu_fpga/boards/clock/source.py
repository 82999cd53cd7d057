"""The system's clock from the oscillator's pin."""

from amaranth import *
from amaranth.lib import io, wiring
from amaranth.lib.wiring import Out

from .ecp5 import Ecp5Pll
from .gowin import GowinPll
from .ice40 import Ice40Pll

__all__ = ["PLLS", "ClockSource"]

#: Family -> its PLL.
PLLS = {"ecp5": Ecp5Pll, "ice40": Ice40Pll, "gowin": GowinPll}


class ClockSource(wiring.Component):
    """The PLL between the oscillator's pin and everything else.

    Where the platform has no buffers of its own, as in simulation, the pin is the clock and is
    always locked: then the oscillator has the system's frequency.

    Parameters
    ----------
    pll : Pll
        How the clock is made.
    port : PortLike
        The oscillator's pin.

    Members
    -------
    clk : Out(1)
        The clock.
    locked : Out(1)
        The clock is there and steady. Belongs to no clock.
    """

    clk: Out(1)
    locked: Out(1)

    def __init__(self, pll, port):
        self.pll, self._port = pll, port
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        if not hasattr(platform, "get_io_buffer"):
            m.submodules.oscillator = oscillator = io.Buffer("i", self._port)
            m.d.comb += [self.clk.eq(oscillator.i), self.locked.eq(1)]
            return m
        self.pll.connect(m, self._port, self.clk, self.locked)
        platform.add_clock_constraint(self.clk, self.pll.output_hz)
        return m
