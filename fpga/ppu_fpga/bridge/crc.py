"""CRC-32, one bit in every cycle."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Crc32"]


class Crc32(wiring.Component):
    """CRC-32 as in Ethernet and zlib: reflected, begun with ones, sent inverted.

    Bytes are put in bit 0 first. After the whole content, `o_bit` is the CRC's first bit, and each
    step with `flush` brings the next one.

    Members
    -------
    clear : In(1)
        Begins a new CRC.
    step, bit : In(1), In(1)
        Takes `bit` in.
    flush : In(1)
        With `step`: shifts the CRC out instead.
    o_bit : Out(1)
        The CRC's bit that is to be sent next.
    good : Out(1)
        What was taken in ends in its own CRC, lowest byte first.
    """

    clear: In(1)
    step: In(1)
    bit: In(1)
    flush: In(1)
    o_bit: Out(1)
    good: Out(1)

    #: The polynomial, bit 31 for x**0, and what is left after a content with its CRC.
    POLYNOMIAL = 0xEDB8_8320
    RESIDUE = 0xDEBB_20E3

    def elaborate(self, platform):
        m = Module()
        state    = Signal(32, init=0xFFFF_FFFF)
        feedback = Signal()
        m.d.comb += [
            feedback.eq((state[0] ^ self.bit) & ~self.flush),
            self.o_bit.eq(~state[0]),
            self.good.eq(state == self.RESIDUE),
        ]
        with m.If(self.clear):
            m.d.sync += state.eq(0xFFFF_FFFF)
        with m.Elif(self.step):
            m.d.sync += state.eq(state[1:] ^ (feedback.replicate(32) & self.POLYNOMIAL))
        return m
