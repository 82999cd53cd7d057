"""Requests to bus accesses and replies."""

from types import SimpleNamespace

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ppu.lib.axi import AxiSignature, LiteSignature, Response

from . import protocol
from .access import Access
from .header import Header
from .intake import MARK
from .protocol import Identity, Status
from .ring import FrameRing

__all__ = ["Executor"]

#: Numbers of a header's bytes: the first one of the address, and the last one.
_ADDRESS, _LAST = 4, protocol.HEADER_REQUEST - 1


class Executor(wiring.Component):
    """Carries out requests one after another and lays down a reply to each.

    A reply is built while the one before it is being sent, and handed on when that is out.

    Parameters
    ----------
    identity : Identity
        What to answer to `Kind.IDENTIFY`; holds the memory's place and the most data too.
    address_width, data_width : int
        Of the memory bus; see :class:`~ppu_fpga.bridge.access.Access`.
    timeout : int
        Cycles that an access may take, a power of two, at least 64. After that it is answered with
        `Status.BUS_SLVERR` and left to the bus, and so is every access until the bus has ended it
        or is reset.

    Members
    -------
    i : In(stream.Signature(8))
        Requests and marks from :class:`~ppu_fpga.bridge.intake.Intake`.
    o : Out(stream.Signature(8))
        Replies without CRC.
    empty : Out(1)
        There are no more bytes of this reply.
    sent : In(1)
        The last reply is out.
    m_axi, m_axil : Out(AxiSignature), Out(LiteSignature(address_width=12))
        The buses.
    reset_request : Out(1)
        Resets what is on the buses; stays for `RESET_CYCLES`.
    idle : Out(1)
        No request is being carried out.
    """

    RESET_CYCLES = 16

    def __init__(self, identity, *, address_width, data_width, timeout):
        if not isinstance(timeout, int) or timeout < 64 or timeout & (timeout - 1):
            raise ValueError(f"Timeout must be a power of two of at least 64, not {timeout!r}")
        self.identity, self.timeout = identity, timeout
        self.address_width, self.data_width = address_width, data_width
        super().__init__({
            "i": In(stream.Signature(8)), "o": Out(stream.Signature(8)), "empty": Out(1),
            "sent": In(1),
            "m_axi": Out(AxiSignature(address_width=address_width, data_width=data_width)),
            "m_axil": Out(LiteSignature(address_width=12)),
            "reset_request": Out(1), "idle": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        # Room for the start of a reply, or a whole identity, behind the longest one.
        longest = self.identity.max_data + 2 * protocol.HEADER_REPLY + Identity.SIZE
        m.submodules.replies = replies = FrameRing(1 << (longest - 1).bit_length())
        m.submodules.access = access = Access(
            address_width=self.address_width, data_width=self.data_width)
        m.submodules.header = header = Header(
            base=self.identity.memory_base, size=self.identity.memory_size,
            max_data=self.identity.max_data,
            count_width=(self.identity.receive_buffer - 1).bit_length())
        wiring.connect(m, replies.o, wiring.flipped(self.o))
        wiring.connect(m, access.axi, wiring.flipped(self.m_axi))
        wiring.connect(m, access.axil, wiring.flipped(self.m_axil))

        p = SimpleNamespace(
            replies=replies, access=access, header=header,
            status=Signal(Status),
            index=Signal(5),                         # of the header's bytes and what follows
            place=Signal(range(access.word_bytes)),  # in the word
            skip=Signal(range(access.word_bytes)),   # bytes in front of the first one asked for
            refused=Signal(),                        # the bus has not ended an access of before
            left=Signal(),                           # bytes of data are left
            timer=Signal(range(self.timeout + 1)),
            copied=Signal(),                         # the request's byte goes into the reply
            fetched=Signal(),                        # the word's byte does
            fixed=Signal(8),                         # what else does
            room=Signal(),                           # for a byte of the reply
        )
        m.d.comb += [
            self.empty.eq(replies.empty),
            p.left.eq(header.count != 0),
            header.byte.eq(self.i.payload), header.index.eq(p.index),
            access.address.eq(self.i.payload), access.data.eq(self.i.payload),
            access.write.eq(header.write), access.registers.eq(header.registers),
            # Cheaper than a multiplexer, as the sources are never there at once.
            replies.data.eq(
                self.i.payload & p.copied.replicate(8) | access.o_data & p.fetched.replicate(8)
                | p.fixed),
        ]  # fmt: skip
        # A register, since it decides about the whole word. Late, so not twice in a row.
        m.d.sync += [p.timer.eq(0), p.room.eq(~replies.full & ~replies.write)]
        with m.FSM():
            self._take_header(m, p)
            self._carry_out(m, p)
            self._finish(m, p)
        return m

    def _take_header(self, m, p):
        """From the first byte of a request to the decision what becomes of it."""
        with m.State("KIND"):
            m.d.comb += [self.idle.eq(1), self.i.ready.eq(1), p.header.step.eq(self.i.valid)]
            m.d.sync += [p.refused.eq(p.access.busy), p.status.eq(Status.OK)]
            with m.If(self.i.valid):
                m.d.comb += p.replies.write.eq(1)    # of a status, OK so far
                m.d.sync += p.index.eq(1)
                m.next = "HEADER"
                with m.If(self.i.payload & MARK):
                    m.d.sync += p.status.eq(self.i.payload[:3])
                    m.next = "MARK"
        with m.State("MARK"):
            m.d.comb += self.i.ready.eq(1)
            with m.If(self.i.valid):
                m.d.comb += [
                    p.replies.write.eq(1), p.copied.eq(p.status == Status.BAD_COUNT),
                ]  # fmt: skip
                m.next = "BACK"
        with m.State("HEADER"):
            m.d.comb += [self.i.ready.eq(1), p.header.step.eq(self.i.valid)]
            with m.If(self.i.valid):
                self._lay_down_header(m, p)
                m.d.comb += p.access.address_shift.eq(
                    ~p.refused & (p.index >= _ADDRESS)
                    & (p.index < _ADDRESS + p.access.address_bytes))
                m.d.sync += p.index.eq(p.index + 1)
                with m.If(p.index == _LAST):
                    m.next = "CHECK"
        with m.State("CHECK"):
            m.d.sync += [p.status.eq(p.header.error), p.skip.eq(p.header.offset)]
            with m.If(p.header.registers):
                m.d.sync += p.skip.eq(p.access.word_bytes - 4)
            with m.If(p.header.error != Status.OK):
                m.next = "TAIL"
            with m.Elif(p.header.identify):
                m.next = "IDENTITY"
            with m.Elif(p.header.reset):
                m.next = "RESET"
            with m.Elif(p.refused):
                m.d.sync += p.status.eq(Status.BUS_SLVERR)
                m.next = "TAIL"
            with m.Elif(p.header.write):
                m.next = "WORD"
            with m.Else():
                m.next = "START"

    def _carry_out(self, m, p):
        """What the kinds do; all end in TAIL."""
        with m.State("IDENTITY"):
            m.d.comb += p.replies.write.eq(1)
            self._lay_down_identity(m, p)
            m.d.sync += p.index.eq(p.index + 1)
            with m.If(p.index == _LAST):
                m.next = "TAIL"
        with m.State("RESET"):
            m.d.comb += [self.reset_request.eq(1), p.access.clear.eq(1)]
            m.d.sync += p.timer.eq(p.timer + 1)
            with m.If(p.timer == self.RESET_CYCLES - 1):
                m.next = "TAIL"
        with m.State("WORD"):
            self._move_byte(m, p)
            with m.If(p.access.shift):
                m.d.sync += p.place.eq(p.place + 1)
                with m.If(p.place == p.access.word_bytes - 1):
                    m.next = "START"
                    with m.If(~p.header.write & (p.header.count < 2)):
                        m.next = "TAIL"
        with m.State("START"):
            m.d.comb += p.access.start.eq(1)
            m.next = "BUS"
        with m.State("BUS"):
            m.d.sync += p.timer.eq(p.timer + 1)
            with m.If(p.access.done):
                m.next = "WORD"
                with m.If(p.header.write & ~p.left):
                    m.next = "TAIL"
                with m.Switch(p.access.response):
                    with m.Case(Response.SLVERR):
                        m.d.sync += p.status.eq(Status.BUS_SLVERR)
                        m.next = "TAIL"
                    with m.Case(Response.DECERR):
                        m.d.sync += p.status.eq(Status.BUS_DECERR)
                        m.next = "TAIL"
            with m.Elif(p.timer[-1]):
                m.d.sync += p.status.eq(Status.BUS_SLVERR)
                m.next = "TAIL"

    def _finish(self, m, p):
        """The rest of the request, and the reply."""
        with m.State("TAIL"):
            # Data that was not written, then the CRC.
            m.d.comb += self.i.ready.eq(1)
            with m.If(self.i.valid & p.header.write & p.left):
                m.d.comb += p.header.down.eq(1)
            with m.Elif(self.i.valid):
                m.d.sync += p.index.eq(p.index + 1)
                with m.If(p.index == _LAST + protocol.SIZE_CHECK):
                    m.next = "COMMIT"
                    with m.If(p.status != Status.OK):
                        m.next = "BACK"
        with m.State("BACK"):
            m.d.comb += p.replies.rollback.eq(1)
            m.next = "ERROR"
        with m.State("ERROR"):
            # The tag is already there.
            m.d.comb += [p.replies.step.eq(1), p.replies.write.eq(p.replies.length != 1)]
            with m.If(p.replies.length == 0):
                m.d.comb += p.fixed.eq(p.status)
            with m.If(p.replies.length == protocol.HEADER_REPLY - 1):
                m.next = "COMMIT"
        with m.State("COMMIT"):
            m.d.sync += p.index.eq(0)
            with m.If(self.sent & p.replies.empty):
                m.d.comb += p.replies.commit.eq(1)
                m.next = "KIND"

    def _lay_down_header(self, m, p):
        """Tag and count of a reply, as the request's come in."""
        m.d.comb += [
            p.replies.write.eq(p.index < protocol.HEADER_REPLY),
            p.copied.eq(
                (p.index == 1) | ((p.header.registers | p.header.memory) & ~p.header.write)),
        ]
        with m.If(p.header.identify & (p.index == 2)):
            m.d.comb += p.fixed.eq(Identity.SIZE)

    def _lay_down_identity(self, m, p):
        with m.Switch(p.index):
            for place, byte in enumerate(self.identity.encode()):
                with m.Case((place + _LAST + 1) % Identity.SIZE):
                    m.d.comb += p.fixed.eq(byte)

    def _move_byte(self, m, p):
        """Shifts a byte of the word: in from the request, out to the reply, or just along."""
        m.d.comb += p.fetched.eq(1)
        with m.If(p.skip != 0):
            m.d.comb += p.access.shift.eq(1)
            m.d.sync += p.skip.eq(p.skip - 1)
        with m.Elif(~p.left):
            m.d.comb += p.access.shift.eq(1)
        with m.Elif(p.header.write):
            m.d.comb += [
                self.i.ready.eq(1), p.access.keep.eq(1),
                p.access.shift.eq(self.i.valid), p.header.down.eq(self.i.valid),
            ]  # fmt: skip
        with m.Elif(p.room):
            m.d.comb += [
                p.replies.write.eq(1), p.access.shift.eq(1), p.header.down.eq(1),
            ]  # fmt: skip
