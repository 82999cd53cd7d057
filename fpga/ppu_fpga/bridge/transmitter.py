"""The sending half of the UART."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Transmitter"]


class Transmitter(wiring.Component):
    """Sends bytes to the line: 8 data bits, no parity, 1 stop bit.

    A start bit begins the cycle after its byte is accepted. Bytes that are offered in time follow
    each other without a gap.

    Parameters
    ----------
    baud : Baud
        How the clock is divided.

    Members
    -------
    i : In(stream.Signature(8))
        Bytes.
    tx : Out(1)
        The line, from a register.
    """

    def __init__(self, baud):
        self.baud = baud
        super().__init__({"i": In(stream.Signature(8)), "tx": Out(1, init=1)})

    def elaborate(self, platform):
        m = Module()
        phase = Signal(range(self.baud.modulus))
        carry = Signal()
        grown = Signal.like(phase)
        # Data, a stop bit, and nothing but zeros behind it: then the byte is out.
        bits  = Signal(9)
        last  = Signal()
        m.d.comb += [
            Cat(grown, carry).eq(Cat(*self.baud.grown(phase))),
            last.eq(bits == 0),
            self.i.ready.eq(last & carry),
        ]
        m.d.sync += phase.eq(grown)
        with m.If(carry):
            m.d.sync += [self.tx.eq(bits[0] | last), bits.eq(bits[1:])]
            with m.If(self.i.valid & last):
                m.d.sync += [self.tx.eq(0), bits.eq(Cat(self.i.payload, 1))]
        return m
