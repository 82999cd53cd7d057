"""Bytes off the line to checked requests."""

from types import SimpleNamespace

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from . import protocol
from .buffer import EntryLayout, RequestBuffer
from .crc import Crc32
from .protocol import Kind

__all__ = ["Intake"]

#: Bytes of a frame without data.
_LEAST = protocol.HEADER_REQUEST + protocol.SIZE_CHECK


class Intake(wiring.Component):
    """Unstuffs frames, checks them, and queues them as requests; bad ones become marks.

    A request comes out byte by byte, with an end in place of its CRC's last byte, and only if the
    CRC is right and the length fits kind and count, but for those bits of a count that say more
    than `depth`. For any other frame an end comes out in its place, with the status to answer with;
    before that of `Status.BAD_COUNT` come the frame's kind and tag. Empty frames vanish.

    A frame that finds no room is dropped and becomes a mark of `Status.OVERRUN` as soon as there is
    room for that; what arrives until then is dropped under the same mark. A frame longer than the
    whole queue is `Status.BAD_FRAME`.

    A byte takes 10 cycles. A request can be read 6 cycles after the byte that ends it.

    Parameters
    ----------
    depth : int
        Bytes that the queue holds, a power of two, 256 to 65536.

    Members
    -------
    valid, data, error : In(1), In(8), In(1)
        Bytes as :class:`~ppu_fpga.bridge.receiver.Receiver` gives them.
    o : Out(stream.Signature(EntryLayout))
        Requests and marks.
    open : Out(1)
        A frame has begun and not ended.
    waiting : Out(1)
        Requests or marks are queued.
    """

    def __init__(self, depth):
        if not 256 <= depth <= 1 << 16:
            raise ValueError(f"Depth must be 256 to 65536, not {depth!r}")
        self.depth = depth
        super().__init__({
            "valid": In(1), "data": In(8), "error": In(1),
            "o": Out(stream.Signature(EntryLayout)), "open": Out(1), "waiting": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.ring = ring = RequestBuffer(self.depth)
        m.submodules.crc = crc = Crc32()
        wiring.connect(m, ring.o, wiring.flipped(self.o))
        p = SimpleNamespace(
            ring=ring, crc=crc,
            escaped=Signal(),
            bad=Signal(),
            lost=Signal(),
            byte=Signal(8, reset_less=True),  # turns round while the CRC takes it
            bits=Signal(3),
            put=Signal(),                     # the byte goes into the frame
            close=Signal(),                   # the frame is over
        )
        whole, fits = self._elaborate_length(m, p)
        miscounted = Signal()
        m.d.comb += [
            crc.bit.eq(p.byte[0]), crc.clear.eq(p.close), self.waiting.eq(~ring.empty),
            miscounted.eq(crc.good & whole & ~p.bad & ~p.lost),
            ring.data.byte.eq(p.byte),
        ]  # fmt: skip
        with m.FSM():
            with m.State("WAIT"):
                m.d.sync += p.bits.eq(0)
                with m.If(self.valid):
                    self._take(m, p)
            with m.State("TAKE"):
                m.d.comb += crc.step.eq(1)
                m.d.sync += [p.byte.eq(p.byte.rotate_right(1)), p.bits.eq(p.bits + 1)]
                with m.If(p.bits.all()):
                    m.next = "PUT"
                    with m.If(~ring.full):
                        m.d.comb += ring.step.eq(1)
                    with m.Elif(ring.empty):
                        m.d.sync += p.bad.eq(1)
                    with m.Else():
                        m.d.sync += p.lost.eq(1)
            with m.State("PUT"):
                m.d.comb += [p.put.eq(1), ring.write.eq(~p.bad & ~p.lost)]
                m.next = "WAIT"
            with m.State("CLOSE"):
                m.next = "END"
                with m.If(~(miscounted & fits)):
                    m.d.comb += ring.rollback.eq(1)
                    m.next = "MARK"
            with m.State("MARK"):
                with m.If(~ring.full):
                    m.d.comb += ring.step.eq(1)
                    m.d.sync += p.bits.eq(p.bits + 1)
                    with m.If(~miscounted | p.bits[1]):
                        m.next = "END"
            with m.State("END"):
                # BAD_FRAME is 1, BAD_COUNT 3, OVERRUN 7; at the end of a request nobody looks.
                m.d.comb += [
                    ring.data.end.eq(1), ring.data.byte[:3].eq(Cat(1, miscounted | p.lost, p.lost)),
                    ring.write.eq(1), ring.commit.eq(1), p.close.eq(1),
                ]  # fmt: skip
                m.next = "WAIT"
        with m.If(p.close):
            m.d.sync += [p.bad.eq(0), p.lost.eq(0), p.escaped.eq(0), self.open.eq(0)]
        return m

    def _take(self, m, p):
        """A byte off the line."""
        data, escaped, bad = self.data, p.escaped, p.bad
        m.d.sync += [p.byte.eq(data), escaped.eq(0), self.open.eq(1)]
        with m.If(escaped):
            # 0xDC and 0xDD differ in bit 0, and so do 0xC0 and 0xDB.
            m.d.sync += p.byte[1:5].eq(Cat(data[0], 0, data[0], data[0]))
        with m.If(self.error):
            m.d.sync += bad.eq(1)
        with m.Elif(data == protocol.END):
            m.d.sync += self.open.eq(self.open)
            with m.If(self.open):
                m.next = "CLOSE"
            with m.If(escaped):
                m.d.sync += bad.eq(1)
        with m.Elif(data == protocol.ESCAPE):
            m.d.sync += escaped.eq(1)
            with m.If(escaped):
                m.d.sync += bad.eq(1)
        with m.Else():
            m.next = "TAKE"
            with m.If(escaped & (data[1:] != protocol.ESCAPED_END >> 1)):
                m.d.sync += bad.eq(1)

    def _elaborate_length(self, m, p):
        """Whether the open frame has `_LEAST` bytes, and whether it has as many as it should."""
        place   = Signal(range(_LEAST + 1))        # of the byte, up to `_LEAST`
        carries = Signal(reset_less=True)
        # Of a count, the lowest bits: with more than those, no request is carried out.
        left    = Signal(range(self.depth), reset_less=True)
        low, high = Value.cast(left)[:8], Value.cast(left)[8:]
        whole = place[-1]
        with m.If(p.put & whole):
            m.d.sync += left.eq(left - 1)
        with m.Elif(p.put):
            m.d.sync += place.eq(place + 1)
            with m.Switch(place):
                with m.Case(0):
                    m.d.sync += carries.eq(
                        (p.byte == Kind.WRITE_REGISTER) | (p.byte == Kind.WRITE_MEMORY))
                with m.Case(2):
                    m.d.sync += low.eq(p.byte)
                with m.Case(3):
                    m.d.sync += high.eq(p.byte)
                    with m.If(~carries):
                        m.d.sync += left.eq(0)
        with m.If(p.close):
            m.d.sync += place.eq(0)
        return whole, left == 0
