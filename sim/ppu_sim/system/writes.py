"""The write half of the memory."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In

from ppu.lib.axi import AddressChannel, AxiWriteSignature, Response

from .faults import FaultCheck, FaultRegion
from .queue import RequestQueue
from .reads import TIME_BITS
from .storage import StorageSignature

__all__ = ["WriteSide"]


class WriteSide(wiring.Component):
    """Takes write bursts in order, one beat per cycle.

    The first beat of a burst is taken in the cycle after its AW handshake at the earliest. Bytes
    are in the storage in the cycle after their W handshake. The response is on the bus `latency`
    cycles after the cycle of the handshake of the last beat, or as soon as those before it are
    taken. It is that of the first failing beat; nothing of a failing beat is written.

    Parameters
    ----------
    address_width, data_width, id_width : int
        Of the bus.
    depth : int
        Bursts accepted before the response to the oldest is taken. Power of two.

    Members
    -------
    axi : In(AxiWriteSignature(...))
        The manager's write channels.
    storage_strobe, storage_word, storage_data
        Write port of the storage; see :class:`StorageSignature`.
    now : In(TIME_BITS)
        Counts cycles.
    latency : In(10)
        Cycles, at least 1.
    stall_aw, stall_w : In(1)
        `ready` of the channel is low in this cycle.
    stall_b : In(1)
        No new response appears in this cycle.
    size, region
        What is refused; see :class:`FaultCheck`.
    """

    def __init__(self, *, address_width, data_width, id_width, depth):
        self.address_width, self.data_width, self.id_width = address_width, data_width, id_width
        self.depth = depth
        bus = {"address_width": address_width, "data_width": data_width}
        storage = StorageSignature(**bus).members
        super().__init__({
            "axi": In(AxiWriteSignature(**bus, id_width=id_width)),
            "storage_strobe": storage["write_strobe"], "storage_word": storage["write_word"],
            "storage_data": storage["write_data"],
            "now": In(TIME_BITS), "latency": In(10),
            "stall_aw": In(1), "stall_w": In(1), "stall_b": In(1),
            "size": In(address_width), "region": In(FaultRegion(address_width)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        aw, w, b = self.axi.aw, self.axi.w, self.axi.b
        beat_bits = (self.data_width // 8).bit_length() - 1
        answer = data.StructLayout({"id": self.id_width, "resp": Response, "due": TIME_BITS})
        m.submodules.bursts = bursts = RequestQueue(
            AddressChannel(self.address_width, self.id_width), depth=self.depth
        )
        m.submodules.answers = answers = RequestQueue(answer, depth=self.depth)
        m.submodules.check = check = FaultCheck(
            address_width=self.address_width, data_width=self.data_width
        )

        waiting = Signal(range(self.depth + 1))
        accept, finish = Signal(), Signal()
        m.d.comb += [
            aw.ready.eq((waiting != self.depth) & ~self.stall_aw),
            accept.eq(aw.valid & aw.ready),
            finish.eq(b.valid & b.ready),
            bursts.i.payload.eq(aw.payload), bursts.i.valid.eq(accept),
        ]  # fmt: skip
        m.d.sync += waiting.eq(waiting + accept - finish)

        beat, word, take, last = Signal(8), Signal(len(self.storage_word)), Signal(), Signal()
        so_far, response = Signal(Response), Signal(Response)
        head = bursts.o.payload
        m.d.comb += [
            w.ready.eq(bursts.o.valid & ~self.stall_w),
            take.eq(w.valid & w.ready),
            word.eq((head.addr >> beat_bits) + beat),
            last.eq(beat == head.len),
            bursts.o.ready.eq(take & last),
            check.address.eq(word << beat_bits), check.size.eq(self.size),
            check.region.eq(self.region),
            self.storage_word.eq(word), self.storage_data.eq(w.payload.data),
            response.eq(Mux(so_far == Response.OKAY, check.response.as_value(), so_far.as_value())),
        ]  # fmt: skip
        with m.If(take & (check.response == Response.OKAY)):
            m.d.comb += self.storage_strobe.eq(w.payload.strb)
        with m.If(take):
            m.d.sync += [
                beat.eq(Mux(last, 0, beat + 1)),
                so_far.eq(Mux(last, Response.OKAY.value, response.as_value())),
            ]

        # `answers` has room for every burst accepted. Once on the bus, a response stays.
        held, age = Signal(), Signal(signed(TIME_BITS))
        m.d.comb += [
            answers.i.valid.eq(take & last),
            answers.i.payload.id.eq(head.id), answers.i.payload.resp.eq(response),
            answers.i.payload.due.eq(self.now + self.latency),
            age.eq(self.now - answers.o.payload.due),
            b.valid.eq(answers.o.valid & (age >= 0) & (held | ~self.stall_b)),
            b.payload.id.eq(answers.o.payload.id), b.payload.resp.eq(answers.o.payload.resp),
            answers.o.ready.eq(b.ready & b.valid),
        ]  # fmt: skip
        m.d.sync += held.eq(b.valid & ~b.ready)
        return m
