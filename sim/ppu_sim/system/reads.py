"""The read half of the memory."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In

from ppu.lib.axi import AddressChannel, AxiReadSignature, Response

from .faults import FaultCheck, FaultRegion
from .queue import RequestQueue
from .storage import StorageSignature

__all__ = ["TIME_BITS", "ReadSide"]

#: Bits of the clock that requests are stamped with.
TIME_BITS = 32


class ReadSide(wiring.Component):
    """Answers read bursts in order, one beat per cycle.

    The first beat of a burst is on the bus `latency` cycles after the cycle of its AR handshake,
    or as soon as the beats before it are taken. A beat that fails reads as zero.

    Parameters
    ----------
    address_width, data_width, id_width : int
        Of the bus.
    depth : int
        Bursts accepted before the last beat of the oldest is taken. Power of two.

    Members
    -------
    axi : In(AxiReadSignature(...))
        The manager's read channels.
    storage_en, storage_word, storage_data
        Read port of the storage; see :class:`StorageSignature`.
    now : In(TIME_BITS)
        Counts cycles.
    latency : In(10)
        Cycles, at least 1.
    stall_ar : In(1)
        `ar.ready` is low in this cycle.
    stall_r : In(1)
        In the next cycle, no new beat appears on `r`.
    size, region
        What is refused; see :class:`FaultCheck`.
    """

    def __init__(self, *, address_width, data_width, id_width, depth):
        self.address_width, self.data_width, self.id_width = address_width, data_width, id_width
        self.depth = depth
        bus = {"address_width": address_width, "data_width": data_width}
        storage = StorageSignature(**bus).members
        super().__init__({
            "axi": In(AxiReadSignature(**bus, id_width=id_width)),
            "storage_en": storage["read_en"], "storage_word": storage["read_word"],
            "storage_data": storage["read_data"],
            "now": In(TIME_BITS), "latency": In(10), "stall_ar": In(1), "stall_r": In(1),
            "size": In(address_width), "region": In(FaultRegion(address_width)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        ar, r = self.axi.ar, self.axi.r
        beat_bits = (self.data_width // 8).bit_length() - 1
        request = data.StructLayout({
            "burst": AddressChannel(self.address_width, self.id_width), "due": TIME_BITS,
        })  # fmt: skip
        m.submodules.queue = queue = RequestQueue(request, depth=self.depth)
        m.submodules.check = check = FaultCheck(
            address_width=self.address_width, data_width=self.data_width
        )

        # A burst is accepted while fewer than `depth` wait for their last beat to be taken.
        waiting = Signal(range(self.depth + 1))
        accept, finish = Signal(), Signal()
        m.d.comb += [
            ar.ready.eq((waiting != self.depth) & ~self.stall_ar),
            accept.eq(ar.valid & ar.ready),
            finish.eq(r.valid & r.ready & r.payload.last),
        ]
        m.d.sync += waiting.eq(waiting + accept - finish)

        # The head: the oldest burst, or with an empty queue the one that is just accepted.
        head, incoming = Signal(request), Signal(request)
        available, age = Signal(), Signal(signed(TIME_BITS))
        m.d.comb += [
            incoming.burst.eq(ar.payload),
            incoming.due.eq(self.now + self.latency - 1),
            head.eq(Mux(queue.o.valid, queue.o.payload.as_value(), incoming.as_value())),
            age.eq(self.now - head.due),
            available.eq((queue.o.valid | accept) & (age >= 0)),
        ]

        # Its next beat goes to the storage's output register, and the rest of R beside it.
        beat, word, fetch, last = Signal(8), Signal(len(self.storage_word)), Signal(), Signal()
        okay = Signal()
        m.d.comb += [
            word.eq((head.burst.addr >> beat_bits) + beat),
            last.eq(beat == head.burst.len),
            fetch.eq((~r.valid | r.ready) & available & ~self.stall_r),
            queue.i.payload.eq(incoming),
            queue.i.valid.eq(accept & ~(fetch & last & ~queue.o.valid)),
            queue.o.ready.eq(fetch & last),
            check.address.eq(word << beat_bits), check.size.eq(self.size),
            check.region.eq(self.region),
            self.storage_en.eq(fetch & (check.response == Response.OKAY)),
            self.storage_word.eq(word),
            r.payload.data.eq(Mux(okay, self.storage_data, 0)),
        ]  # fmt: skip
        with m.If(r.ready):
            m.d.sync += r.valid.eq(0)
        with m.If(fetch):
            m.d.sync += [
                beat.eq(Mux(last, 0, beat + 1)), r.valid.eq(1), r.payload.id.eq(head.burst.id),
                r.payload.last.eq(last), r.payload.resp.eq(check.response),
                okay.eq(check.response == Response.OKAY),
            ]  # fmt: skip
        return m
