"""Watches a manager for breaches of AXI4."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ppu.lib.axi import AxiSignature

from .queue import RequestQueue

__all__ = ["BREACHES", "AxiMonitor"]

#: What the bits of `breaches` mean, the lowest first.
BREACHES = (
    "AR changed or dropped while it waited", "AW changed or dropped while it waited",
    "W changed or dropped while it waited", "AR burst crosses 4 KiB", "AW burst crosses 4 KiB",
    "WLAST does not match AWLEN",
)  # fmt: skip


class AxiMonitor(wiring.Component):
    """Looks on at a manager, and keeps in mind which rules it broke.

    Parameters
    ----------
    address_width, data_width, id_width : int
        Of the bus.
    depth : int
        Write bursts that the subordinate accepts before their data. Power of two.

    Members
    -------
    axi : In of all signals of AxiSignature
        The bus; `ready` and the subordinate's channels are inputs too.
    breaches : Out(len(BREACHES))
        Bit i: the manager did `BREACHES[i]`. Never cleared but by reset.
    """

    def __init__(self, *, address_width, data_width, id_width, depth):
        self.bus = AxiSignature(
            address_width=address_width, data_width=data_width, id_width=id_width
        )
        self.depth = depth
        self.beat_bits = (data_width // 8).bit_length() - 1
        channels = {}
        for name in ("ar", "aw", "w"):
            payload = self.bus.members[name].signature.members["payload"].shape
            channels[name] = In(data.StructLayout({"valid": 1, "ready": 1, "payload": payload}))
        super().__init__({**channels, "breaches": Out(len(BREACHES))})

    def elaborate(self, platform):
        m = Module()
        seen = []
        for channel in (self.ar, self.aw, self.w):
            waited, before = Signal(), Signal(len(channel.payload.as_value()))
            m.d.sync += [
                waited.eq(channel.valid & ~channel.ready),
                before.eq(channel.payload.as_value()),
            ]
            changed = before != channel.payload.as_value()
            seen.append(waited & (~channel.valid | changed))
        for channel in (self.ar, self.aw):
            words = 12 - self.beat_bits
            last_word = channel.payload.addr[self.beat_bits : 12] + channel.payload.len
            seen.append(channel.valid & ((last_word >> words) != 0))

        m.submodules.lengths = lengths = RequestQueue(8, depth=self.depth)
        beat, taken = Signal(8), Signal()
        m.d.comb += [
            lengths.i.valid.eq(self.aw.valid & self.aw.ready),
            lengths.i.payload.eq(self.aw.payload.len),
            taken.eq(self.w.valid & self.w.ready),
            lengths.o.ready.eq(taken & (beat == lengths.o.payload)),
        ]
        with m.If(taken):
            m.d.sync += beat.eq(Mux(lengths.o.ready, 0, beat + 1))
        seen.append(taken & (self.w.payload.last != (beat == lengths.o.payload)))
        m.d.sync += self.breaches.eq(self.breaches | Cat(seen))
        return m
