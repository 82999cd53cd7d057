"""Byte ranges to AXI4 read bursts and back to bus words in order."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..lib.axi import AxiReadSignature, FaultLayout, Response
from ..lib.queue import Queue, ShallowQueue
from .bursts import BurstSplitter
from .ranges import RangeLayout

__all__ = ["BeatLayout", "ReadEngine"]


def BeatLayout(data_width):
    """A bus word as it was read."""
    return data.StructLayout({"data": data_width, "resp": Response})


class ReadEngine(wiring.Component):
    """Reads byte ranges from an AXI4 bus.

    Bursts are asked for ahead, as far as the buffer has room for every beat of them, so `axi.r` is
    always ready. The beats of a range are those that hold its bytes: a range starts with a new
    beat, its first byte in lane ``address % beat_bytes``. Answers must come in order (one id).

    ::

        ranges --> splitter --> AR register --> axi.ar
        beats <-- queue <---------------------- axi.r

    Latency: range accepted to `axi.ar.valid` two cycles; `axi.r` to `beats` one cycle when nothing
    waits. Throughput one burst and one beat per cycle. Cuts all paths; a spare register before that
    of AR keeps `axi.ar.ready` away from the splitter.

    `room` is the number of free places in the queue, less those reserved. A burst takes its beats
    from it when it enters the AR register, and is sent once `room` is not negative: its sign is the
    whole condition. A place counts as free the cycle after its beat has left.

    Parameters
    ----------
    address_width, data_width : int
        Bits of an address and of the bus.
    buffer_beats : int
        Beats in flight or in the queue, at least the longest burst.
    max_outstanding : int
        Bursts in flight.
    max_burst_beats : int
        Longest burst, as for :class:`BurstSplitter`.
    id_width, id : int
        ARID and its width.

    Members
    -------
    ranges : In(stream.Signature(RangeLayout(address_width)))
        What to read. `last` has no effect.
    beats : Out(stream.Signature(BeatLayout(data_width)))
        Bus words, in order.
    fault : Out(FaultLayout(address_width))
        First error since reset: its response and the first wanted byte of its beat. Valid one cycle
        after the beat is on the bus, so not later than the beat in `beats`.
    in_flight : Out(range(max_outstanding + 1))
        Bursts asked for or about to be, and not answered entirely.
    busy : Out(1)
        A range is inside or a burst in flight. Beats that wait in the queue do not count.
    buffered : Out(range(buffer_beats + 1))
        Beats in the queue.
    within : Out(1)
        The next beat is not the first one of its burst.
    axi : Out(AxiReadSignature)
        The bus. `axi.r.ready` is constant 1.
    """

    def __init__(self, *, address_width, data_width, buffer_beats, max_outstanding,
                 max_burst_beats, id_width=1, id=0):
        if buffer_beats < max_burst_beats:
            raise ValueError(f"Buffer must hold a burst of {max_burst_beats} beats, "
                             f"not {buffer_beats!r}")
        if max_outstanding < 1:
            raise ValueError(f"At least 1 burst must be allowed in flight, not {max_outstanding!r}")
        if not 0 <= id < 2 ** id_width:
            raise ValueError(f"Id must fit in {id_width} bits, not {id!r}")
        self.address_width, self.data_width = address_width, data_width
        self.buffer_beats, self.max_outstanding = buffer_beats, max_outstanding
        self.max_burst_beats, self.id = max_burst_beats, id
        super().__init__({
            "ranges": In(stream.Signature(RangeLayout(address_width))),
            "beats": Out(stream.Signature(BeatLayout(data_width))),
            "fault": Out(FaultLayout(address_width)),
            "in_flight": Out(range(max_outstanding + 1)),
            "busy": Out(1), "buffered": Out(range(buffer_beats + 1)), "within": Out(1),
            "axi": Out(AxiReadSignature(
                address_width=address_width, data_width=data_width, id_width=id_width)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.splitter = splitter = BurstSplitter(
            address_width=self.address_width, data_width=self.data_width,
            max_beats=self.max_burst_beats)
        kind = Queue if self.buffer_beats > 16 else ShallowQueue
        m.submodules.queue = queue = kind(BeatLayout(self.data_width), depth=self.buffer_beats)
        m.submodules.pending = pending = ShallowQueue(
            self.address_width, depth=self.max_outstanding)
        wiring.connect(m, wiring.flipped(self.ranges), splitter.i)
        wiring.connect(m, queue.o, wiring.flipped(self.beats))

        self._ask(m, splitter.o, pending.i, self.beats.valid & self.beats.ready)
        self._answer(m, queue.i, pending.o)
        m.d.comb += [
            self.in_flight.eq(pending.level), self.buffered.eq(queue.level),
            self.busy.eq(splitter.o.valid | pending.o.valid),
        ]
        return m

    def _ask(self, m, bursts, pending, taken):
        """Bursts to AR, as `room` allows."""
        room   = Signal(range(-self.max_burst_beats, self.buffer_beats + 1), init=self.buffer_beats)
        left   = Signal()       # a beat left the queue
        loaded = Signal()
        spare  = Signal(bursts.payload.shape())
        full   = Signal()       # there is a burst in `spare`
        take   = Signal()
        free   = Signal()       # the AR register takes another burst, if there is one
        load   = Signal()
        ar     = self.axi.ar
        lanes  = exact_log2(self.data_width // 8)
        chosen = data.View(spare.shape(), Mux(full, spare.as_value(), bursts.payload.as_value()))
        after  = Signal.like(room)
        m.d.comb += [
            ar.valid.eq(loaded & (room >= 0)),
            bursts.ready.eq(~full & pending.ready),
            take.eq(bursts.valid & bursts.ready),
            free.eq(~loaded | (ar.valid & ar.ready)),
            load.eq(free & (full | take)),
            pending.payload.eq(bursts.p.address),
            pending.valid.eq(take),
            after.eq(room + left),
        ]
        m.d.sync += [
            left.eq(taken),
            # ~len is -(len + 1)
            room.eq(Mux(load, after + Cat(~chosen.len, 1).as_signed(), after)),
            full.eq(~free & (full | take)),
        ]
        with m.If(~full):
            m.d.sync += spare.eq(bursts.payload)
        with m.If(free):
            m.d.sync += [
                loaded.eq(load),
                ar.p.id.eq(self.id),
                ar.p.addr.eq(Cat(C(0, lanes), chosen.address[lanes:])),
                ar.p.len.eq(chosen.len),
            ]

    def _answer(self, m, queue, pending):
        """R to the queue; the address of the first failing beat to `fault`."""
        lanes = exact_log2(self.data_width // 8)
        r     = self.axi.r
        beat  = Signal(12 - lanes)  # of the burst; bursts stay within 4 KiB
        wanted = Signal(self.address_width)
        m.d.comb += [
            r.ready.eq(1),
            queue.valid.eq(r.valid),
            queue.p.data.eq(r.p.data),
            queue.p.resp.eq(r.p.resp),
            pending.ready.eq(r.valid & r.p.last),
            wanted.eq(pending.payload),
            self.within.eq(beat != 0),
        ]
        with m.If(self.within):
            m.d.comb += wanted[:12].eq(Cat(C(0, lanes), (pending.payload[lanes:12] + beat)))
        with m.If(r.valid):
            m.d.sync += [
                Assert(queue.ready, "Read buffer overflows"),
                Assert(pending.valid, "Read data that nobody asked for"),
                beat.eq(Mux(r.p.last, 0, beat + 1)),
            ]
            with m.If(r.p.resp.as_value()[1] & ~self.fault.resp.as_value()[1]):
                m.d.sync += [self.fault.resp.eq(r.p.resp), self.fault.address.eq(wanted)]
        return m
