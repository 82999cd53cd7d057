"""The receiving half of the UART."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Receiver"]


class Receiver(wiring.Component):
    """Receives bytes from the line: 8 data bits, no parity, 1 stop bit.

    The line passes two flip-flops. Each bit is sampled once, in its middle as counted from the
    falling edge of the start bit, whose own middle must be low: else it was noise. A byte comes out
    in the middle of its stop bit. From then on the next start bit is awaited, so a sender may be
    faster by nearly half a bit in ten. After a stop bit that is low, which a break gives too, the
    line must go high first.

    Parameters
    ----------
    baud : Baud
        How the clock is divided.

    Members
    -------
    rx : In(1)
        The line.
    valid : Out(1)
        Pulse: there is a byte. Pulses are at least 36 cycles apart.
    data : Out(8)
        The byte, valid with `valid`.
    error : Out(1)
        With `valid`: the stop bit was low, the byte is worth nothing.
    """

    def __init__(self, baud):
        self.baud = baud
        super().__init__({
            "rx": In(1), "valid": Out(1), "data": Out(8), "error": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        modulus, step = self.baud.modulus, self.baud.step
        # The edge is seen half a cycle late on average, and `sample` comes a cycle after the
        # overflow that it stands for.
        first = min(modulus // 2 + 3 * step // 2, modulus - 1)
        # High like an idle line, so that a reset is not taken for a start bit.
        line   = Signal(3, init=0b111)
        phase  = Signal(range(modulus), init=first)
        sample = Signal()
        busy   = Signal()
        start  = Signal()
        # A mark runs from the top to the bottom in front of start bit and data.
        bits   = Signal(10, reset_less=True)
        m.d.sync += [line.eq(Cat(self.rx, line)), sample.eq(0)]
        m.d.comb += [
            self.data.eq(bits[2:]),
            self.valid.eq(busy & sample & bits[0]),
            self.error.eq(~line[1]),
        ]
        with m.If(~busy):
            m.d.sync += [
                phase.eq(first), start.eq(1), bits.eq(1 << 9), busy.eq(line[2] & ~line[1]),
            ]  # fmt: skip
        with m.Else():
            m.d.sync += Cat(phase, sample).eq(Cat(*self.baud.grown(phase)))
            with m.If(sample):
                m.d.sync += [start.eq(0), bits.eq(Cat(bits[1:], line[1]))]
                with m.If(bits[0] | (start & line[1])):
                    m.d.sync += busy.eq(0)
        return m
