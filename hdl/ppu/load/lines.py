"""From a LOAD to its matrix rows."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

__all__ = ["LineJobLayout", "LineLayout", "LineWalker"]


def LineJobLayout(beat_bytes):
    """What the walker needs of a LOAD.

    `last_byte`: bytes of a matrix row minus one; `lane`: lane of the first byte in its beat;
    `step`: lanes from a matrix row to the next, modulo a beat; `contiguous`: all rows are one
    range, so a beat may hold the end of one and the begin of the next; `joined`: moreover nothing
    is to be filled up between them, so they may be taken as one long row.
    """
    lane = exact_log2(beat_bytes)
    return data.StructLayout({
        "rows": 16, "last_byte": 16, "lane": lane, "step": lane, "contiguous": 1, "joined": 1,
    })  # fmt: skip


def LineLayout(beat_bytes, block_bytes):
    """One matrix row, in blocks of bytes and in words of a beat, both of `block_bytes`.

    `blocks`: blocks minus one; `word`, `shift`: word of the first byte in its beat, and its place
    there; `tail`: last byte in the last block; `extra`: the row touches a word more than it has
    blocks; `fills`: it ends with the last byte of a word; `closes`: the next row, if any, begins
    with a new beat; `joined`: the next row goes on where this one ends, as if it were the same.
    """
    place = exact_log2(block_bytes)
    return data.StructLayout({
        "blocks": 16 - place, "word": exact_log2(beat_bytes // block_bytes), "shift": place,
        "tail": place, "extra": 1, "fills": 1, "closes": 1, "joined": 1,
    })  # fmt: skip


class LineWalker(wiring.Component):
    """Walks the matrix rows of a LOAD.

    Latency one cycle, throughput one matrix row per cycle, also from one job to the next. Cuts
    `valid` and `payload`, not `ready`.

    Parameters
    ----------
    beat_bytes, block_bytes : int
        Bytes of a beat and of a block. Powers of two; a beat is at least a block.

    Members
    -------
    i : In(stream.Signature(LineJobLayout))
        Jobs.
    o : Out(stream.Signature(LineLayout))
        Their matrix rows, in order.
    """

    def __init__(self, *, beat_bytes, block_bytes):
        if beat_bytes < block_bytes:
            raise ValueError(f"A beat must be at least a block, not {beat_bytes!r} bytes against "
                             f"{block_bytes!r}")
        self.beat_bytes, self.block_bytes = beat_bytes, block_bytes
        super().__init__({
            "i": In(stream.Signature(LineJobLayout(beat_bytes))),
            "o": Out(stream.Signature(LineLayout(beat_bytes, block_bytes))),
        })

    def elaborate(self, platform):
        m = Module()
        place = exact_log2(self.block_bytes)
        job, line = Signal.like(self.i.payload), self.o.payload
        rows_left = Signal(16)
        lane = Signal.like(job.lane)
        last = Signal()  # rows_left == 1
        end = Signal(place + 1)
        m.d.comb += [
            end.eq(lane[:place] + job.last_byte[:place]),
            line.blocks.eq(job.last_byte[place:]),
            line.word.eq(lane[place:]),
            line.shift.eq(lane[:place]),
            line.tail.eq(job.last_byte[:place]),
            line.joined.eq(job.joined & ~last),
            line.extra.eq(end[place] & ~line.joined),
            line.fills.eq(end[:place].all()),
            line.closes.eq(~job.contiguous | last),
            self.i.ready.eq(~self.o.valid | (self.o.ready & last)),
        ]
        with m.If(self.o.ready):
            m.d.sync += [
                rows_left.eq(rows_left - 1), last.eq(rows_left == 2), lane.eq(lane + job.step),
            ]  # fmt: skip
        with m.If(self.i.ready):
            m.d.sync += [
                self.o.valid.eq(self.i.valid), job.eq(self.i.payload),
                rows_left.eq(self.i.payload.rows), last.eq(self.i.payload.rows == 1),
                lane.eq(self.i.payload.lane),
            ]
        return m
