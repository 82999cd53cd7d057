"""Replies to bytes for the line."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from . import protocol
from .crc import Crc32

__all__ = ["Sender"]

#: Bit of a reply's first byte that carries the interrupt.
_IRQ_BIT = 7


class Sender(wiring.Component):
    """Adds the CRC to replies, stuffs them and closes them.

    A byte is there 12 cycles after the one before it was accepted at the latest, so the line is
    kept busy.

    Members
    -------
    i : In(stream.Signature(8))
        A reply, its first byte with bit 7 clear. The next one may only begin after `idle`.
    empty : In(1)
        There are no more bytes of this reply. Valid from the cycle after a transfer on.
    irq : In(1)
        Goes into bit 7 of the first byte.
    o : Out(stream.Signature(8))
        Bytes for the line.
    idle : Out(1)
        The last byte of the last reply has been accepted.
    """

    i: In(stream.Signature(8))
    empty: In(1)
    irq: In(1)
    o: Out(stream.Signature(8))
    idle: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.crc = crc = Crc32()
        byte     = Signal(8)
        special  = Signal()
        second   = Signal()    # of the two bytes that stand for a special one
        trailing = Signal()    # all but the CRC is out
        bits     = Signal(3)
        checks   = Signal(2)   # bytes of the CRC that are out
        flag     = Signal()    # bit 7 to be added
        m.d.comb += [
            byte.eq(Mux(trailing, crc.o_byte, self.i.payload | flag << _IRQ_BIT)),
            special.eq((byte == protocol.END) | (byte == protocol.ESCAPE)),
            self.o.payload.eq(byte),
            crc.bit.eq(byte.bit_select(bits, 1)),
            crc.flush.eq(trailing),
        ]
        with m.If(special):
            # 0xC0 and 0xDB differ in bit 0, and so do what stands for them.
            m.d.comb += self.o.payload.eq(
                Mux(second, protocol.ESCAPED_END | byte[0], protocol.ESCAPE))
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += [self.idle.eq(1), crc.clear.eq(1)]
                m.d.sync += [flag.eq(self.irq), trailing.eq(0)]
                with m.If(self.i.valid):
                    m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.d.sync += second.eq(special & ~second)
                    with m.If(second | ~special):
                        m.next = "CHECK"
            with m.State("CHECK"):
                m.d.comb += crc.step.eq(1)
                m.d.sync += bits.eq(bits + 1)
                with m.If(bits == 7):
                    m.d.comb += self.i.ready.eq(~trailing)
                    m.d.sync += [flag.eq(0), checks.eq(checks + trailing)]
                    m.next = "NEXT"
                    with m.If(trailing):
                        m.next = "SEND"
                    with m.If(checks == 3):
                        m.next = "END"
            with m.State("NEXT"):
                with m.If(self.empty):
                    m.d.sync += trailing.eq(1)
                with m.If(self.empty | self.i.valid):
                    m.next = "SEND"
            with m.State("END"):
                m.d.comb += [self.o.valid.eq(1), self.o.payload.eq(protocol.END)]
                with m.If(self.o.ready):
                    m.next = "IDLE"
        return m
