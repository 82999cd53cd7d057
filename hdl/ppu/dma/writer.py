"""Byte ranges and bus words to AXI4 write bursts."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..lib.axi import AxiWriteSignature, FaultLayout
from ..lib.queue import ShallowQueue, Slice
from .bursts import BurstSplitter
from .ranges import RangeLayout

__all__ = ["StrobedLayout", "WriteEngine"]


def StrobedLayout(data_width):
    """A bus word to write and which of its bytes."""
    return data.StructLayout({"data": data_width, "strb": data_width // 8})


class WriteEngine(wiring.Component):
    """Writes byte ranges to an AXI4 bus.

    Addresses go ahead of the data as far as `max_outstanding` allows; the data of a burst goes out
    once its address is queued. The bytes of a range must come as the beats that hold them, strobed
    by the sender; a range starts with a new beat. Answers must come in order (one id).

    ::

        ranges --> splitter --+--> AW register --> axi.aw
                              +--> lengths --+
        beats ---------------- W register <--+---> axi.w
        completed, fault <--- pending <----------- axi.b

    Latency: range accepted to `axi.aw.valid` two cycles, to the first `axi.w.valid` four; beat to
    `axi.w` one; last `axi.b` to `completed` one. Throughput one burst and one beat per cycle. Cuts
    all paths but that from `axi.w.ready` to `beats.ready`.

    Parameters
    ----------
    address_width, data_width : int
        Bits of an address and of the bus.
    max_outstanding : int
        Bursts in flight.
    max_burst_beats : int
        Longest burst, as for :class:`BurstSplitter`.
    id_width, id : int
        AWID and its width.

    Members
    -------
    ranges : In(stream.Signature(RangeLayout(address_width)))
        Where to write. A range with `last` ends a job.
    beats : In(stream.Signature(StrobedLayout(data_width)))
        Bus words, in order.
    completed : Out(1)
        A pulse for each job: all its bursts are answered.
    fault : Out(FaultLayout(address_width))
        First error since reset: its response and the first byte of its burst. Valid with the
        `completed` of its job.
    in_flight : Out(range(max_outstanding + 1))
        Bursts not answered.
    busy : Out(1)
        A range is inside or a burst in flight.
    unsent : Out(1)
        A range is inside, or a burst whose address or data is not all sent.
    full : Out(1)
        No burst may be added to those in flight, and the data of all of them is sent.
    axi : Out(AxiWriteSignature)
        The bus. `axi.b.ready` is constant 1.
    """

    def __init__(self, *, address_width, data_width, max_outstanding, max_burst_beats,
                 id_width=1, id=0):
        if max_outstanding < 1:
            raise ValueError(f"At least 1 burst must be allowed in flight, not {max_outstanding!r}")
        if not 0 <= id < 2 ** id_width:
            raise ValueError(f"Id must fit in {id_width} bits, not {id!r}")
        self.address_width, self.data_width = address_width, data_width
        self.max_outstanding, self.max_burst_beats = max_outstanding, max_burst_beats
        self.id = id
        super().__init__({
            "ranges": In(stream.Signature(RangeLayout(address_width))),
            "beats": In(stream.Signature(StrobedLayout(data_width))),
            "completed": Out(1),
            "fault": Out(FaultLayout(address_width)),
            "in_flight": Out(range(max_outstanding + 1)),
            "busy": Out(1), "unsent": Out(1), "full": Out(1),
            "axi": Out(AxiWriteSignature(
                address_width=address_width, data_width=data_width, id_width=id_width)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.splitter = splitter = BurstSplitter(
            address_width=self.address_width, data_width=self.data_width,
            max_beats=self.max_burst_beats)
        m.submodules.lengths = lengths = ShallowQueue(
            max(1, exact_log2(self.max_burst_beats)), depth=self.max_outstanding)
        m.submodules.pending = pending = ShallowQueue(
            data.StructLayout({"address": self.address_width, "last": 1}),
            depth=self.max_outstanding)
        wiring.connect(m, wiring.flipped(self.ranges), splitter.i)

        self._address(m, splitter.o, lengths.i, pending.i)
        active = self._data(m, lengths.o)
        self._answer(m, pending.o)
        m.d.comb += [
            self.in_flight.eq(pending.level),
            self.busy.eq(splitter.o.valid | pending.o.valid),
            self.unsent.eq(splitter.o.valid | lengths.o.valid | active
                           | self.axi.aw.valid | self.axi.w.valid),
            self.full.eq(~pending.i.ready & ~lengths.o.valid & ~active),
        ]
        return m

    def _address(self, m, bursts, lengths, pending):
        """Bursts to AW, and to where their data and answers are awaited."""
        aw    = self.axi.aw
        lanes = exact_log2(self.data_width // 8)
        load  = Signal()
        m.submodules.address = address = Slice(
            data.StructLayout({"addr": self.address_width, "len": 8}))
        # A burst in `lengths` is in `pending` too, so there is room in both or in none.
        m.d.comb += [
            bursts.ready.eq(address.i.ready & pending.ready),
            load.eq(bursts.valid & bursts.ready),
            address.i.valid.eq(load),
            address.i.p.addr.eq(Cat(C(0, lanes), bursts.p.address[lanes:])),
            address.i.p.len.eq(bursts.p.len),
            aw.valid.eq(address.o.valid), address.o.ready.eq(aw.ready),
            aw.p.addr.eq(address.o.p.addr), aw.p.len.eq(address.o.p.len), aw.p.id.eq(self.id),
            lengths.payload.eq(bursts.p.len),
            lengths.valid.eq(load),
            pending.p.address.eq(bursts.p.address),
            pending.p.last.eq(bursts.p.last),
            pending.valid.eq(load),
        ]
        with m.If(load):
            m.d.sync += Assert(lengths.ready, "More lengths than bursts in flight")

    def _data(self, m, lengths):
        """Beats to W, with `last` counted. Returns whether there is a burst to send beats of."""
        w      = self.axi.w
        active = Signal()
        left   = Signal(lengths.payload.shape())    # beats of the burst after the next one
        final  = Signal()                           # left == 0
        free   = ~w.valid | w.ready
        go     = Signal()
        m.d.comb += [
            go.eq(self.beats.valid & active & free),
            self.beats.ready.eq(active & free),
            lengths.ready.eq(~active | go & final),
        ]
        with m.If(lengths.ready):
            m.d.sync += [
                active.eq(lengths.valid), left.eq(lengths.payload),
                final.eq(lengths.payload == 0),
            ]  # fmt: skip
        with m.Elif(go):
            m.d.sync += [left.eq(left - 1), final.eq(left == 1)]
        with m.If(free):
            m.d.sync += [
                w.valid.eq(go),
                w.p.data.eq(self.beats.p.data),
                w.p.strb.eq(self.beats.p.strb),
                w.p.last.eq(final),
            ]
        return active

    def _answer(self, m, pending):
        """B to `completed` and `fault`."""
        b = self.axi.b
        m.d.comb += [b.ready.eq(1), pending.ready.eq(b.valid)]
        m.d.sync += self.completed.eq(b.valid & pending.p.last)
        with m.If(b.valid):
            m.d.sync += Assert(pending.valid, "Answer to nothing")
            with m.If(b.p.resp.as_value()[1] & ~self.fault.resp.as_value()[1]):
                m.d.sync += [
                    self.fault.resp.eq(b.p.resp),
                    self.fault.address.eq(pending.p.address),
                ]
        return m
