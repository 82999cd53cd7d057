"""AXI4 read bursts, one at a time."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..lib.axi import AxiReadSignature
from .bursts import BurstLayout
from .reader import BeatLayout
from .single_bursts import AnswerLayout

__all__ = ["SingleReader"]


class SingleReader(wiring.Component):
    """Takes the place of :class:`~.reader.ReadEngine` where a unit has one job at a time.

    Keeps nothing: an address goes to AR from whoever asks, who keeps it until the burst is
    answered, and beats come from R, which waits for who takes them. So nothing else may come on R
    in the meantime, see :class:`~.single_arbiter.SingleArbiter`.

    Latency none. Throughput one beat per cycle within a burst. Cuts no paths.

    Parameters
    ----------
    address_width, data_width, id_width, id : int
        As for :class:`~.reader.ReadEngine`.

    Members
    -------
    bursts : In(stream.Signature(BurstLayout(address_width)))
        What to read; taken with the last beat.
    beats : Out(stream.Signature(BeatLayout(data_width)))
        Bus words, in order.
    answer : Out(AnswerLayout)
        The beat that is taken in this cycle; OKAY if there is none.
    within : Out(1)
        The next beat is not the first one of its burst.
    axi : Out(AxiReadSignature)
        The bus.
    """

    def __init__(self, *, address_width, data_width, id_width=1, id=0):
        self.address_width, self.data_width, self.id = address_width, data_width, id
        super().__init__({
            "bursts": In(stream.Signature(BurstLayout(address_width))),
            "beats": Out(stream.Signature(BeatLayout(data_width))),
            "answer": Out(AnswerLayout), "within": Out(1),
            "axi": Out(AxiReadSignature(
                address_width=address_width, data_width=data_width, id_width=id_width)),
        })

    def elaborate(self, platform):
        m = Module()
        ar, r, burst = self.axi.ar, self.axi.r, self.bursts
        in_flight = Signal()
        lanes = exact_log2(self.data_width // 8)
        beat = Signal(12 - lanes)      # of the burst; bursts stay within 4 KiB
        takes = Signal()
        m.d.comb += [
            ar.valid.eq(burst.valid & ~in_flight),
            ar.p.id.eq(self.id), ar.p.len.eq(burst.p.len),
            ar.p.addr.eq(Cat(C(0, lanes), burst.p.address[lanes:])),
            self.beats.valid.eq(r.valid),
            self.beats.p.data.eq(r.p.data), self.beats.p.resp.eq(r.p.resp),
            r.ready.eq(self.beats.ready),
            takes.eq(self.beats.valid & self.beats.ready),
            burst.ready.eq(takes & r.p.last),
            self.within.eq(beat != 0),
            self.answer.offset.eq(beat << lanes),
        ]
        with m.If(ar.valid & ar.ready):
            m.d.sync += in_flight.eq(1)
        with m.If(takes):
            m.d.sync += beat.eq(beat + 1)
            with m.If(r.p.last):
                m.d.sync += [beat.eq(0), in_flight.eq(0)]
            m.d.comb += self.answer.resp.eq(r.p.resp)
        return m
