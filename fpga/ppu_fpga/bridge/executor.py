"""Requests to bus accesses and replies."""

from types import SimpleNamespace

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ppu.lib.axi import AxiSignature, LiteSignature

from . import protocol
from .access import Access
from .buffer import EntryLayout, ReplyBuffer
from .header import Header
from .protocol import Identity, Status

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
    i : In(stream.Signature(EntryLayout))
        Requests and marks from :class:`~ppu_fpga.bridge.intake.Intake`.
    entry, next : Out(EntryLayout), In(1)
        Replies without CRC; see :class:`~ppu_fpga.bridge.buffer.ReplyBuffer`.
    start : Out(1)
        Pulse: a reply is complete. Only while `sent`.
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
            "i": In(stream.Signature(EntryLayout)), "entry": Out(EntryLayout), "next": In(1),
            "start": Out(1), "sent": In(1),
            "m_axi": Out(AxiSignature(address_width=address_width, data_width=data_width)),
            "m_axil": Out(LiteSignature(address_width=12)),
            "reset_request": Out(1), "idle": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        longest = max(self.identity.max_data, Identity.SIZE) + protocol.HEADER_REPLY + 1
        m.submodules.replies = replies = ReplyBuffer(longest)
        m.submodules.access = access = Access(
            address_width=self.address_width, data_width=self.data_width)
        m.submodules.header = header = Header(
            base=self.identity.memory_base, size=self.identity.memory_size,
            max_data=self.identity.max_data, address_width=self.address_width)
        wiring.connect(m, access.axi, wiring.flipped(self.m_axi))
        wiring.connect(m, access.axil, wiring.flipped(self.m_axil))
        p = SimpleNamespace(
            replies=replies, access=access, header=header,
            status=Signal(Status, reset_less=True),
            index=Signal(5),    # of the header's bytes and what follows
            left=Signal(),      # the bus has not ended an access of before
            refused=Signal(reset_less=True),  # and had not when the request began
            timer=Signal(range(self.timeout + 1), reset_less=True),
            copied=Signal(),    # the request's byte goes into the reply
            picked=Signal(),    # the word's byte does
            fixed=Signal(8),    # what else does
            put=Signal(),       # a byte does
            down=Signal(),      # a byte of data is done
        )
        m.d.comb += [
            header.byte.eq(self.i.p.byte), header.index.eq(p.index),
            header.address.eq(access.address), header.refused.eq(p.refused),
            header.down.eq(p.down),
            access.data.eq(self.i.p.byte), access.index.eq(p.index - _ADDRESS),
            access.next.eq(p.down),
            access.write.eq(header.write), access.registers.eq(header.registers),
            self.entry.eq(replies.entry), replies.next.eq(self.next),
            replies.data.byte.eq(
                Mux(p.picked, access.picked, Mux(p.copied, self.i.p.byte, p.fixed))),
        ]  # fmt: skip
        with m.If(p.put):
            m.d.comb += [replies.write.eq(1), replies.step.eq(1)]
        with m.If(p.left):
            m.d.comb += access.take.eq(1)
            with m.If(access.taken):
                m.d.sync += p.left.eq(0)
        m.d.sync += p.timer.eq(0)
        with m.FSM():
            self._take_header(m, p)
            self._carry_out(m, p)
            self._finish(m, p)
        return m

    def _take_header(self, m, p):
        """From the first byte of a request to the decision what becomes of it."""
        with m.State("KIND"):
            m.d.comb += [self.idle.eq(1), self.i.ready.eq(1), p.header.step.eq(self.i.valid)]
            m.d.sync += [p.refused.eq(p.left), p.status.eq(Status.OK)]
            with m.If(self.i.valid):
                m.d.comb += p.put.eq(1)    # a status, OK so far
                m.d.sync += p.index.eq(1)
                m.next = "HEADER"
                self._leave_at_mark(m, p)
        with m.State("HEADER"):
            m.d.comb += [self.i.ready.eq(1), p.header.step.eq(self.i.valid)]
            with m.If(self.i.valid):
                self._lay_down_header(m, p)
                m.d.comb += p.access.load.eq(~p.refused & (p.index >= _ADDRESS))
                m.d.sync += p.index.eq(p.index + 1)
                with m.If(p.index == _LAST):
                    m.next = "CHECK"
                self._leave_at_mark(m, p)
        with m.State("CHECK"):
            m.d.sync += p.status.eq(p.header.error)
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
                m.next = "GATHER"
            with m.Else():
                m.next = "START"

    def _carry_out(self, m, p):
        """What the kinds do; all end in TAIL."""
        access, final = p.access, p.header.final
        with m.State("IDENTITY"):
            m.d.comb += p.put.eq(1)
            self._lay_down_identity(m, p)
            m.d.sync += p.index.eq(p.index + 1)
            with m.If(p.index == _LAST):
                m.next = "TAIL"
        with m.State("RESET"):
            m.d.comb += [self.reset_request.eq(1), access.clear.eq(1)]
            m.d.sync += [p.index.eq(p.index + 1), p.left.eq(0)]
            with m.If(p.index == _LAST + self.RESET_CYCLES):
                m.next = "TAIL"
        with m.State("GATHER"):
            m.d.comb += [self.i.ready.eq(1), access.gather.eq(self.i.valid)]
            with m.If(self.i.valid):
                m.d.comb += p.down.eq(~final & ~access.edge)
                with m.If(final | access.edge):
                    m.next = "START"
        with m.State("START"):
            m.d.comb += access.start.eq(1)
            m.next = "BUS"
        with m.State("BUS"):
            m.d.sync += p.timer.eq(p.timer + 1)
            with m.If(access.present):
                m.next = "BYTE"
                with m.If(Value.cast(access.response)[1]):
                    # SLVERR is 2, DECERR 3.
                    m.d.comb += access.take.eq(1)
                    m.d.sync += p.status.eq(Mux(
                        Value.cast(access.response)[0], Status.BUS_DECERR, Status.BUS_SLVERR))
                    m.next = "TAIL"
            with m.Elif(p.timer[-1]):
                m.d.sync += [p.left.eq(1), p.status.eq(Status.BUS_SLVERR)]
                m.next = "TAIL"
        with m.State("BYTE"):
            # The last one that was written, or one that was read.
            m.d.comb += [
                p.picked.eq(1), p.put.eq(~p.header.write), p.down.eq(1),
                access.take.eq(p.header.write | final | access.edge),
            ]  # fmt: skip
            m.next = "BUS"
            with m.If(final):
                m.next = "TAIL"
            with m.Elif(p.header.write):
                m.next = "GATHER"
            with m.Elif(access.edge):
                m.next = "START"

    def _finish(self, m, p):
        """The rest of the request, and the reply."""
        with m.State("TAIL"):
            # Data that was not written, and the CRC.
            m.d.comb += self.i.ready.eq(1)
            with m.If(self.i.valid & self.i.p.end):
                m.next = "COMMIT"
                with m.If(p.status != Status.OK):
                    self._begin_anew(m, p)
        with m.State("ERROR"):
            # The tag is already there, if there is one.
            no_tag = (p.status == Status.BAD_FRAME) | (p.status == Status.OVERRUN)
            m.d.comb += [
                p.replies.step.eq(1), p.replies.write.eq((p.index[:2] != 1) | no_tag),
            ]  # fmt: skip
            m.d.sync += p.index.eq(p.index + 1)
            with m.If(p.index[:2] == 0):
                m.d.comb += p.fixed.eq(p.status)
            with m.If(p.index[:2] == protocol.HEADER_REPLY - 1):
                m.next = "COMMIT"
        with m.State("COMMIT"):
            m.d.comb += [p.replies.data.end.eq(1), p.replies.write.eq(1)]
            m.d.sync += p.index.eq(0)
            with m.If(self.sent):
                m.d.comb += [p.replies.commit.eq(1), self.start.eq(1)]
                m.next = "KIND"

    def _leave_at_mark(self, m, p):
        """An end within a header is what stands for a frame that is no request."""
        with m.If(self.i.p.end):
            m.d.sync += p.status.eq(self.i.p.byte[:3])
            self._begin_anew(m, p)

    def _begin_anew(self, m, p):
        """With a reply that tells of an error."""
        m.d.comb += p.replies.rollback.eq(1)
        m.d.sync += p.index.eq(0)
        m.next = "ERROR"

    def _lay_down_header(self, m, p):
        """Tag and count of a reply, as the request's come in."""
        reads = (p.header.registers | p.header.memory) & ~p.header.write
        m.d.comb += [p.put.eq(p.index < protocol.HEADER_REPLY), p.copied.eq((p.index == 1) | reads)]
        with m.If(p.header.identify & (p.index == 2)):
            m.d.comb += p.fixed.eq(Identity.SIZE)

    def _lay_down_identity(self, m, p):
        with m.Switch(p.index):
            for place, byte in enumerate(self.identity.encode()):
                with m.Case((place + _LAST + 1) % Identity.SIZE):
                    m.d.comb += p.fixed.eq(byte)
