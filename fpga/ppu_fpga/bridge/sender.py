"""Replies to bytes for the line."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from . import protocol
from .buffer import EntryLayout
from .crc import Crc32

__all__ = ["Sender"]

#: What follows the reply's bytes: those of the CRC, and the one that ends the frame.
_CHECKS, _END = 1, protocol.SIZE_CHECK + 1


class Sender(wiring.Component):
    """Adds the CRC to replies, stuffs them and closes them.

    A byte is there 10 cycles after the one before it was accepted, so the line is kept busy.

    Members
    -------
    start : In(1)
        Sends a reply. Only while `idle`.
    entry, next : In(EntryLayout), Out(1)
        The reply, as :class:`~ppu_fpga.bridge.buffer.ReplyBuffer` gives it. Bit 7 of the first byte
        is clear.
    irq : In(1)
        Goes into that bit as the reply begins.
    o : Out(stream.Signature(8))
        Bytes for the line.
    idle : Out(1)
        The last byte of the last reply has been accepted.
    """

    start: In(1)
    entry: In(EntryLayout)
    next: Out(1)
    irq: In(1)
    o: Out(stream.Signature(8))
    idle: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.crc = crc = Crc32()
        byte    = Signal(8, reset_less=True)
        special = Signal()
        second  = Signal(reset_less=True)    # of the two bytes that stand for a special one
        bits    = Signal(3)
        tail    = Signal(3, reset_less=True)  # 0 while there are bytes, then what comes behind them
        flag    = Signal(reset_less=True)    # bit 7 to be added
        ended   = Signal(reset_less=True)    # what is at `entry` ends the reply
        m.d.comb += [
            special.eq(
                ((byte == protocol.END) | (byte == protocol.ESCAPE)) & (tail != _END) & ~second),
            self.o.payload.eq(Mux(special, protocol.ESCAPE, byte)),
            crc.bit.eq(byte[0]), crc.flush.eq(tail != 0),
        ]  # fmt: skip
        # A register, since the memory is slow.
        m.d.sync += ended.eq(self.entry.end)
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += [self.idle.eq(1), crc.clear.eq(1)]
                m.d.sync += [flag.eq(self.irq), tail.eq(0)]
                with m.If(self.start):
                    m.next = "FETCH"
            with m.State("FETCH"):
                m.d.sync += ended.eq(0)
                m.next = "LOOK"
            with m.State("LOOK"):
                m.d.sync += [byte.eq(self.entry.byte | flag << 7), second.eq(0)]
                m.next = "TURN"
                with m.If(tail == _END):
                    m.d.sync += byte.eq(protocol.END)
                    m.next = "SEND"
                with m.If(ended & (tail == 0)):
                    m.d.sync += tail.eq(_CHECKS)
                with m.Elif(tail == 0):
                    m.d.comb += self.next.eq(1)
            with m.State("TURN"):
                # The byte turns round as the CRC takes it, or the CRC's bits come in its place.
                m.d.comb += crc.step.eq(1)
                m.d.sync += [
                    byte.eq(Cat(byte[1:], Mux(crc.flush, crc.o_bit, byte[0]))), bits.eq(bits + 1),
                    flag.eq(0),
                ]  # fmt: skip
                with m.If(bits.all()):
                    m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready & special):
                    # 0xC0 and 0xDB differ in bit 0, and so do what stands for them.
                    m.d.sync += [byte[1:].eq(protocol.ESCAPED_END >> 1), second.eq(1)]
                with m.Elif(self.o.ready):
                    m.next = "LOOK"
                    with m.If(tail != 0):
                        m.d.sync += tail.eq(tail + 1)
                    with m.If(tail == _END):
                        m.next = "IDLE"
        return m
