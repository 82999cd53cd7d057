"""The gearbox from bus beats to aligned blocks."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..dma.reader import BeatLayout
from .segments import SegmentLayout

__all__ = ["BlockLayout", "Packer"]


def BlockLayout(block_bytes):
    """Bytes that follow each other in a matrix row.

    `last`: the last ones of the row, with zeros behind them; `error`: a beat that they lie in is an
    error answer.
    """
    return data.StructLayout({"data": 8 * block_bytes, "last": 1, "error": 1})


def _rotate(word, places):
    """`word` rotated down by `places` bytes: one multiplexer for each bit of `places`."""
    for bit, select in enumerate(places):
        word = Mux(select, word.rotate_right(8 << bit), word)
    return word


class Packer(wiring.Component):
    """Puts the bytes of each matrix row together, from whatever lane they begin at.

    x takes a word of a beat, rotated to its place. h keeps the word before it, whose block waits
    for bytes of x, or for its turn. A block is made of both; bytes beyond the end of the row become
    zero::

        word --> rotate --> x --+--> h
                            |   |    |
                            +---+----+--> choose, clear --> o

    Latency one cycle from a beat to its block, two from the earlier one if a block lies in two.
    Throughput one word per cycle, also from one row to the next. Cuts `valid` and `payload`, not
    `ready`; between the registers and `o.payload` lies one 4-input gate per bit.

    Parameters
    ----------
    beat_bytes, block_bytes : int
        Bytes of a beat and of a block. Powers of two; a beat is at least a block.

    Members
    -------
    segments : In(stream.Signature(SegmentLayout))
        What to do, word by word.
    beats : In(stream.Signature(BeatLayout))
        The beats.
    o : Out(stream.Signature(BlockLayout))
        Blocks.
    """

    def __init__(self, *, beat_bytes, block_bytes):
        self.beat_bytes, self.block_bytes = beat_bytes, block_bytes
        super().__init__({
            "segments": In(stream.Signature(SegmentLayout(beat_bytes, block_bytes))),
            "beats": In(stream.Signature(BeatLayout(8 * beat_bytes))),
            "o": Out(stream.Signature(BlockLayout(block_bytes))),
        })

    def elaborate(self, platform):
        m = Module()
        lanes = range(self.block_bytes)
        segment, beat = self.segments.payload, self.beats.payload

        # What x and h know of the block that begins there. `next`: bytes that come from the next
        # word; `zero`: bytes that are zero.
        block = data.StructLayout({
            "data": data.ArrayLayout(8, self.block_bytes),
            "next": self.block_bytes, "zero": self.block_bytes,
            "waits": 1, "last": 1, "error": 1,
        })  # fmt: skip
        x, x_valid, x_spent = Signal(block), Signal(), Signal()
        h, h_valid = Signal(block, init={"next": (1 << self.block_bytes) - 1}), Signal()
        x_free, emit = Signal(), Signal()
        m.d.comb += [
            # With both valid there is a block; with an empty h, x can go there.
            x_free.eq(~x_valid | ~h_valid | self.o.ready),
            self.segments.ready.eq(self.beats.valid & x_free),
            self.beats.ready.eq(self.segments.valid & segment.releases & x_free),
        ]
        with m.If(x_free):
            m.d.sync += [
                x_valid.eq(self.segments.valid & self.beats.valid),
                x.data.eq(_rotate(
                    beat.data.word_select(segment.word, 8 * self.block_bytes), segment.shift)),
                x.next.eq(Cat(segment.waits & (lane + segment.shift >= self.block_bytes)
                              for lane in lanes)),
                x.zero.eq(Cat(segment.tail < lane for lane in lanes)),
                x.waits.eq(segment.waits), x.last.eq(segment.last), x_spent.eq(segment.spent),
                x.error.eq(beat.resp.as_value()[1]),
            ]  # fmt: skip

        m.d.comb += [
            self.o.valid.eq(Mux(h_valid, ~h.waits | x_valid, x_valid & ~x.waits)),
            emit.eq(self.o.valid & self.o.ready),
            self.o.payload.last.eq(Mux(h_valid, h.last, x.last)),
            self.o.payload.error.eq((h_valid & h.error) | ((~h_valid | h.waits) & x.error)),
        ]
        zero = Mux(h_valid, h.zero, x.zero)
        for lane in lanes:
            byte = Mux(h.next[lane], x.data[lane], h.data[lane])
            m.d.comb += self.o.payload.data.word_select(lane, 8).eq(Mux(zero[lane], 0, byte))

        with m.If(x_valid & ~x_spent & (h_valid == emit)):
            m.d.sync += [h.eq(x), h_valid.eq(1)]
        with m.Elif(emit):
            # An empty h takes every byte of a block from x.
            m.d.sync += [h.next.eq(~0), h_valid.eq(0)]
        m.d.sync += Assert(
            ~(x_valid & x_spent) | (h_valid & h.waits), "a spent word without a block that waits")
        return m
