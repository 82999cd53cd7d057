"""From a matrix row to the pieces in which it arrives."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from .lines import LineLayout

__all__ = ["SegmentLayout", "Segmenter"]


def SegmentLayout(beat_bytes, block_bytes):
    """What to do with one word of a beat.

    `word`: which one; `shift`: place in a word at which the blocks of this row begin; `waits`: the
    block that begins in this word needs bytes of the next one; `spent`: no block begins in this
    word; `tail`: last byte of the block that belongs to the row; `last`: the block is the last one
    of the row; `releases`: nothing more is wanted of the beat.
    """
    place = exact_log2(block_bytes)
    return data.StructLayout({
        "word": exact_log2(beat_bytes // block_bytes), "shift": place, "tail": place,
        "waits": 1, "spent": 1, "last": 1, "releases": 1,
    })  # fmt: skip


class Segmenter(wiring.Component):
    """Walks the words of the beats that hold a matrix row.

    Word k of a row holds the begin of block k and, unless the row starts with the first byte of a
    word, the end of block k - 1::

        words    |..aaaaaa|bbBBBBBB|ccCC....|         shift 2: block 0 is aaaaaabb, block 2 is CC

    Latency one cycle, throughput one word per cycle, also from one row to the next. Cuts `valid`
    and `payload`, not `ready`.

    Parameters
    ----------
    beat_bytes, block_bytes : int
        Bytes of a beat and of a block, which is also that of a word.

    Members
    -------
    i : In(stream.Signature(LineLayout))
        Matrix rows.
    o : Out(stream.Signature(SegmentLayout))
        Their words, in order.
    """

    def __init__(self, *, beat_bytes, block_bytes):
        self.beat_bytes, self.block_bytes = beat_bytes, block_bytes
        super().__init__({
            "i": In(stream.Signature(LineLayout(beat_bytes, block_bytes))),
            "o": Out(stream.Signature(SegmentLayout(beat_bytes, block_bytes))),
        })

    def elaborate(self, platform):
        m = Module()
        line, segment = Signal.like(self.i.payload), self.o.payload
        blocks_left = Signal.like(line.blocks)
        word = Signal.like(line.word)
        beyond = Signal()  # in the word beyond the begin of the last block
        shifted = Signal()
        last_block = Signal()  # blocks_left == 0
        last_word = Signal()
        # `word` has no bits if a block is a beat; tools do not agree on the AND of no bits.
        last_place = word == (1 << len(word)) - 1
        m.d.comb += [
            last_word.eq(beyond | (last_block & ~line.extra)),
            segment.word.eq(word),
            segment.shift.eq(line.shift),
            segment.tail.eq(line.tail | (~last_block).replicate(len(line.tail))),
            segment.spent.eq(beyond),
            segment.last.eq(last_block & ~line.joined),
            segment.waits.eq(shifted & ~beyond & (~last_word | line.joined)),
            segment.releases.eq(Mux(
                last_word & ~line.joined,
                line.closes | (line.fills & last_place),
                last_place)),
            self.i.ready.eq(~self.o.valid | (self.o.ready & last_word)),
        ]  # fmt: skip
        with m.If(self.o.ready):
            m.d.sync += [word.eq(word + 1), beyond.eq(last_block)]
            with m.If(~last_block):
                m.d.sync += [blocks_left.eq(blocks_left - 1), last_block.eq(blocks_left == 1)]
        with m.If(self.i.ready):
            m.d.sync += [
                self.o.valid.eq(self.i.valid), line.eq(self.i.payload),
                blocks_left.eq(self.i.payload.blocks), last_block.eq(self.i.payload.blocks == 0),
                word.eq(self.i.payload.word), beyond.eq(0),
                shifted.eq(self.i.payload.shift != 0),
            ]
        return m
