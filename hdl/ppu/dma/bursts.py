"""Byte ranges as AXI4 bursts."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from .ranges import RangeLayout

__all__ = ["BurstLayout", "BurstSplitter"]


def BurstLayout(address_width):
    """A burst: its exact first byte, its beats minus one, and whether it ends its job."""
    return data.StructLayout({"address": address_width, "len": 8, "last": 1})


class BurstSplitter(wiring.Component):
    """Cuts byte ranges into bursts that end at multiples of the longest burst.

    So no burst crosses 4 KiB, and all but the first and the last of a range have the full length:
    a range is ``blocks`` whole or partial blocks of `max_beats` beats, and all that is needed for
    each is the position of the range's last byte, counted from the start of its first block. ::

        blocks      |...............|...............|...............|
        range            ^first ------------------------- last^
        bursts           [----------][--------------][--------]

    Latency one cycle. Throughput one burst per cycle, without a gap between ranges. Cuts `valid`
    and `payload`, not `ready`; `len` passes a subtraction of 8 bits after its registers.

    Parameters
    ----------
    address_width, data_width : int
        Bits of an address and of the bus.
    max_beats : int
        Beats of the longest burst: a power of two, at most 256, and at most 4 KiB.

    Members
    -------
    i : In(stream.Signature(RangeLayout(address_width)))
        Ranges of at least one byte.
    o : Out(stream.Signature(BurstLayout(address_width)))
        Their bursts, in order. `last` is set on the last burst of a range with `last`.
    """

    def __init__(self, *, address_width, data_width, max_beats):
        if data_width not in (8, 16, 32, 64, 128, 256, 512, 1024):
            raise ValueError(f"Bus must be 8 to 1024 bits wide, a power of two, not {data_width!r}")
        longest = min(256, 4096 // (data_width // 8))
        if max_beats < 1 or max_beats & (max_beats - 1) or max_beats > longest:
            raise ValueError(f"Longest burst must be a power of two from 1 to {longest} beats, "
                             f"not {max_beats!r}")
        self.address_width, self.data_width, self.max_beats = address_width, data_width, max_beats
        super().__init__({
            "i": In(stream.Signature(RangeLayout(address_width))),
            "o": Out(stream.Signature(BurstLayout(address_width))),
        })

    def elaborate(self, platform):
        m = Module()
        lane_bits  = exact_log2(self.data_width // 8)
        block_bits = exact_log2(self.max_beats) + lane_bits
        block      = slice(block_bits, None)
        beat       = slice(lane_bits, block_bits)

        # Position of the range's last byte, counted from the start of its first block.
        length, offset = self.i.p.length, self.i.p.address[:block_bits]
        end = Signal(self.address_width + 1)
        m.d.comb += end.eq(length + offset - 1)
        # end[block] == 0, without waiting for the carry through all of `end`.
        low    = Signal(block_bits + 2)
        within = Signal()
        m.d.comb += [
            low.eq(length[:block_bits] + offset - 1),
            within.eq(Mux(length[block] == 0, ~low[block_bits],
                          (length[block] == 1) & (length[:block_bits] == 0) & (offset == 0))),
        ]

        address = Signal(self.address_width)
        blocks  = Signal(self.address_width + 1 - block_bits)  # after this one
        final   = Signal(init=1)                               # blocks == 0
        stop    = Signal(block_bits - lane_bits)               # last beat in the last block
        rest    = Signal.like(stop)                            # beats of the last burst, less one
        last    = Signal()
        m.d.comb += [
            self.o.p.address.eq(address),
            # Bursts but the last one go up to the end of their block.
            self.o.p.len.eq(Mux(final, rest, ~address[beat])),
            self.o.p.last.eq(last & final),
        ]
        with m.If(self.o.ready):
            m.d.sync += [
                address.eq(Cat(C(0, block_bits), address[block] + 1)),
                blocks.eq(blocks - 1),
                final.eq(blocks == 1),
                rest.eq(stop),
            ]
            with m.If(final):
                m.d.sync += self.o.valid.eq(0)
        with m.If(~self.o.valid | (self.o.ready & final)):
            m.d.comb += self.i.ready.eq(1)
            m.d.sync += [
                self.o.valid.eq(self.i.valid),
                address.eq(self.i.p.address),
                blocks.eq(end[block]),
                final.eq(within),
                stop.eq(end[beat]),
                rest.eq((length[:block_bits] + offset[:lane_bits] - 1)[beat]),
                last.eq(self.i.p.last),
            ]
        return m
