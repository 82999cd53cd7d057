"""Bytes off the line to checked requests."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from . import protocol
from .crc import Crc32
from .protocol import Kind, Status
from .ring import FrameRing

__all__ = ["MARK", "Intake"]

#: Set in the first byte of a mark, which stands in the queue for a frame that is none.
MARK = 0x80
#: Bytes of a frame without data.
_LEAST = protocol.HEADER_REQUEST + protocol.SIZE_CHECK
#: Set in place of `MARK` if a request's own kind has that bit: there is no such kind either.
_UNKNOWN_KIND = 0x40


class Intake(wiring.Component):
    """Unstuffs frames, checks them, and queues them as requests; bad ones become marks.

    A request comes out with its CRC, and only if the CRC is right and the length fits kind and
    count: nobody behind needs to count bytes. For any other frame, a mark of two bytes comes out in
    its place: `MARK` and the status to answer with, then the tag, which is only good with
    `Status.BAD_COUNT`. Empty frames vanish.

    A frame that finds no room is dropped and becomes a mark of `Status.OVERRUN` as soon as there is
    room for that; what arrives until then is dropped under the same mark. A frame longer than the
    whole queue is `Status.BAD_FRAME`.

    A byte takes 10 cycles. A request can be read 5 cycles after the byte that ends it.

    Parameters
    ----------
    depth : int
        Bytes that the queue holds, a power of two, 256 to 65536.

    Members
    -------
    valid, data, error : In(1), In(8), In(1)
        Bytes as :class:`~ppu_fpga.bridge.receiver.Receiver` gives them.
    o : Out(stream.Signature(8))
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
            "o": Out(stream.Signature(8)), "open": Out(1), "waiting": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.ring = ring = FrameRing(self.depth)
        m.submodules.crc = crc = Crc32()
        wiring.connect(m, ring.o, wiring.flipped(self.o))

        escaped  = Signal()
        bad      = Signal()
        lost     = Signal()
        plain    = Signal(8)                    # the byte, unstuffed
        byte     = Signal(8, reset_less=True)   # the same, while the CRC takes it
        bits     = Signal(4)
        marked   = Signal(Status, reset_less=True)
        fits     = self._elaborate_length(m, ring, byte)
        m.d.comb += [
            plain.eq(self.data),
            self.open.eq((ring.length != 0) | escaped | bad | lost),
            crc.bit.eq(byte.bit_select(bits[:3], 1)),
            ring.data.eq(byte),
            self.waiting.eq(~ring.empty),
        ]  # fmt: skip
        with m.If(escaped):
            m.d.comb += plain.eq(Mux(self.data[0], protocol.ESCAPE, protocol.END))
        with m.FSM():
            with m.State("WAIT"):
                m.d.sync += bits.eq(0)
                with m.If(self.valid):
                    m.d.sync += [byte.eq(plain), escaped.eq(0)]
                    with m.If(self.error):
                        m.d.sync += bad.eq(1)
                    with m.Elif(self.data == protocol.END):
                        with m.If(self.open):
                            m.next = "CLOSE"
                        with m.If(escaped):
                            m.d.sync += bad.eq(1)
                    with m.Elif(self.data == protocol.ESCAPE):
                        m.d.sync += escaped.eq(1)
                        with m.If(escaped):
                            m.d.sync += bad.eq(1)
                    with m.Else():
                        m.next = "TAKE"
                        with m.If(escaped & (self.data[1:] != protocol.ESCAPED_END >> 1)):
                            m.d.sync += bad.eq(1)
            with m.State("TAKE"):
                m.d.comb += crc.step.eq(~bits[3])
                m.d.sync += bits.eq(bits + 1)
                with m.If(bits[3]):
                    m.next = "WAIT"
                    with m.If(ring.length == 0):
                        # A mark's bit is not for requests.
                        m.d.comb += ring.data[6:].eq(Cat(byte[6] | byte[7], 0))
                    with m.If(ring.length[-1]):
                        m.d.sync += bad.eq(1)
                    with m.Elif(ring.full):
                        m.d.sync += lost.eq(1)
                    with m.Else():
                        m.d.comb += ring.write.eq(1)
            with m.State("CLOSE"):
                with m.If(bad | lost | ~crc.good | ~fits):
                    m.d.comb += ring.rollback.eq(1)
                    m.d.sync += marked.eq(Mux(
                        lost, Status.OVERRUN,
                        Mux(bad | ~crc.good | (ring.length < _LEAST), Status.BAD_FRAME,
                            Status.BAD_COUNT)))
                    m.next = "MARK"
                with m.Else():
                    m.d.comb += ring.commit.eq(1)
                    m.next = "CLEAR"
            with m.State("MARK"):
                # Nobody looks at the bits between.
                m.d.comb += [ring.data[:3].eq(marked), ring.data[7].eq(1)]
                with m.If(ring.length[1]):
                    m.d.comb += ring.commit.eq(1)
                    m.next = "CLEAR"
                with m.Elif(~ring.full):
                    m.d.comb += [ring.write.eq(~ring.length[0]), ring.step.eq(1)]
            with m.State("CLEAR"):
                m.d.comb += crc.clear.eq(1)
                m.d.sync += [bad.eq(0), lost.eq(0), escaped.eq(0)]
                m.next = "WAIT"
        return m

    def _elaborate_length(self, m, ring, byte):
        """Returns whether the open frame is as long as its kind and count want it."""
        carries = Signal(reset_less=True)
        count   = Signal(range(self.depth), reset_less=True)
        beyond  = Signal(reset_less=True)   # count has more bits than that
        low, high = Value.cast(count)[:8], Value.cast(count)[8:]
        with m.If(ring.write):
            with m.Switch(ring.length):
                with m.Case(0):
                    m.d.sync += carries.eq(
                        (byte == Kind.WRITE_REGISTER) | (byte == Kind.WRITE_MEMORY))
                with m.Case(2):
                    m.d.sync += low.eq(byte & carries.replicate(8))
                with m.Case(3):
                    m.d.sync += [
                        high.eq(byte & carries.replicate(8)),
                        beyond.eq((byte >> len(high)).any() & carries),
                    ]
        return ~beyond & (ring.length == count + _LEAST)
