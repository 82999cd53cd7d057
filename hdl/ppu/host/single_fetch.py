"""Reads announced commands from the ring, one at a time."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..isa import COMMAND_BITS, COMMAND_BYTES, CommandWord, ErrorCode, FetchedError
from ..lib.axi import AxiReadSignature, Response
from .ring import SIZE_BITS, RingMisuse

__all__ = ["SingleFetch"]


class SingleFetch(wiring.Component):
    """Takes the place of :class:`~.fetch.CommandFetch` where commands start in order.

    A command is read, one burst, when the one before it has left, and its words go on as they come.
    An error takes the place of the command that it hits, as there, and stays at the output: nobody
    takes it.

    From the tail to `axi.ar.valid` one cycle, from the last beat to `o.valid` one.

    Parameters
    ----------
    address_width, data_width, id_width : int
        Of the AXI bus. `data_width` is that of a word.
    id : int
        ARID of the reads.

    Members
    -------
    Those of :class:`~.fetch.CommandFetch`; `announced`, `offered`, `fresh` and `refused` have no
    effect. At `o` there are only errors, or NONE for a command whose words have all come. And:

    tail : In(32)
        Of the ring.
    words : Out(stream.Signature(CommandWord))
        Its words, in order.
    """

    def __init__(self, *, address_width, data_width, id_width=1, id):
        self.address_width, self.data_width, self.id = address_width, data_width, id
        super().__init__({
            "base": In(64), "mask": In(SIZE_BITS), "tail": In(32),
            "announced": In(SIZE_BITS + 1), "offered": In(SIZE_BITS + 1),
            "fresh": In(1), "refused": In(1), "misuse": In(RingMisuse),
            "head": Out(32), "drain": In(1), "idle": Out(1),
            "o": Out(stream.Signature(FetchedError)),
            "words": Out(stream.Signature(CommandWord)),
            "axi": Out(AxiReadSignature(
                address_width=address_width, data_width=data_width, id_width=id_width)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        ar, r, width = self.axi.ar, self.axi.r, self.data_width
        beats = COMMAND_BITS // width
        asks, reads, full = Signal(), Signal(), Signal()
        beat = Signal(range(beats))
        resp, bad_beat = Signal(Response), Signal.like(beat)    # of the first bad beat
        address = Signal(self.address_width)
        left = self.tail[: SIZE_BITS + 1] != self.head[: SIZE_BITS + 1]
        offset = (self.head[:SIZE_BITS] & self.mask) * COMMAND_BYTES
        m.d.comb += [
            address.eq(self.base + offset), self.idle.eq(~asks & ~reads),
            ar.valid.eq(asks), ar.p.addr.eq(address), ar.p.len.eq(beats - 1), ar.p.id.eq(self.id),
            r.ready.eq(1), self.words.valid.eq(r.valid),
            self.words.p.index.eq(beat), self.words.p.data.eq(r.p.data),
        ]
        with m.If(self.idle & ~full & left & ~self.drain):
            m.d.sync += asks.eq(1)
        with m.If(ar.valid & ar.ready):
            m.d.sync += [asks.eq(0), reads.eq(1)]
        with m.If(r.valid):
            m.d.sync += [Assert(reads, "a beat that nobody asked for"), beat.eq(beat + 1)]
            with m.If(r.p.resp.as_value()[1] & ~resp.as_value()[1]):
                m.d.sync += [resp.eq(r.p.resp), bad_beat.eq(beat)]
            with m.If(r.p.last):
                m.d.sync += [reads.eq(0), full.eq(~self.drain)]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [full.eq(0), self.head.eq(self.head + 1)]

        out, bad = self.o.payload, resp.as_value()[1]
        m.d.comb += self.o.valid.eq(full | (self.misuse.valid & self.idle & ~left))
        with m.If(~full):
            m.d.comb += [out.code.eq(ErrorCode.RING), out.address.eq(self.misuse.address)]
        with m.Elif(bad):
            low = Cat(C(0, (width // 8 - 1).bit_length()), bad_beat)
            m.d.comb += [
                out.code.eq(Mux(resp == Response.DECERR, ErrorCode.FETCH_DECERR.value,
                                ErrorCode.FETCH_SLVERR.value)),
                out.address.eq(Cat(low, address[len(low):])),
            ]
        return m
