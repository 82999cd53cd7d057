"""An SDRAM's pins, with a register at each."""

from amaranth import *
from amaranth.lib import io, wiring
from amaranth.lib.wiring import In

from .bus import SdramSignature

__all__ = ["SdramPins"]


class SdramPins(wiring.Component):
    """Takes an SDRAM's signals to its pins.

    All signals pass one register in the I/O cell, in both directions. The memory's clock is that of
    this domain, inverted: at the memory, half a cycle of setup and half a cycle of hold, less the
    delay of the pins. With about 4 ns for the clock to get out, 5.4 ns for the memory's answer and
    1 ns for that to get in, read data at 100 MHz is there for the second edge of `sync` after that
    of the memory. That is what :class:`.DataPath` counts on with an `input_delay` of 0.

    Parameters
    ----------
    ports : object
        Has the ports `clk`, `clk_en`, `cs`, `ras`, `cas`, `we`, `ba`, `a`, `dqm`, `dq`, as
        ``platform.request("sdram", dir="-")`` gives them. Those that are low when active are
        inverted ports.

    Members
    -------
    pins : In(SdramSignature)
        The controller.
    """

    pins: In(SdramSignature())

    def __init__(self, ports):
        self._ports = ports
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        pins, ports = self.pins, self._ports
        command = Value.cast(pins.command)
        outputs = {
            "clk_en": pins.enable, "cs": C(1), "ras": ~command[2], "cas": ~command[1],
            "we": ~command[0], "ba": pins.bank, "a": pins.address, "dqm": pins.mask,
        }
        for name, value in outputs.items():
            m.submodules[name] = buffer = io.FFBuffer("o", getattr(ports, name))
            m.d.comb += buffer.o.eq(value)
        m.submodules.dq = dq = io.FFBuffer("io", ports.dq)
        m.d.comb += [dq.o.eq(pins.o), dq.oe.eq(pins.drive), pins.i.eq(dq.i)]
        if hasattr(platform, "get_io_buffer"):
            m.submodules.clk = clk = io.DDRBuffer("o", ports.clk)
            m.d.comb += clk.o.eq(0b10)  # low in the first half of the cycle
        else:
            m.submodules.clk = clk = io.Buffer("o", ports.clk)
            m.d.comb += clk.o.eq(~ClockSignal())
        return m
