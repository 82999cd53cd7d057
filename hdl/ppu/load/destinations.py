"""From a LOAD to the rows that it fills."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2, exact_log2

__all__ = ["DestinationJobLayout", "DestinationLayout", "DestinationWalker"]


def DestinationJobLayout(row_width, parameters=0):
    """What the walker needs of a LOAD, with rows of the target memory `row_width` bits wide.
    `target`: rows are those of the accumulator; `to_parameters`, if there is such a bit: or rows of
    parameters instead, which are as long.

    `chunks`: chunks of a matrix row minus one; a chunk has at least 4 bytes.
    """
    return data.StructLayout({
        "target": 1, "to_parameters": parameters,
        "rows": row_width + 1, "pad": row_width + 1, "chunks": 14,
        "destination": row_width, "panel_stride": row_width,
    })  # fmt: skip


def DestinationLayout(row_width, parts, parameters=0):
    """One row of the target memory.

    `zero`: it becomes zero; `part`: which part of the bytes at hand it takes, if rows of the target
    are smaller than these; `last`: the last one of the job.
    """
    return data.StructLayout({
        "target": 1, "to_parameters": parameters, "row": row_width, "part": exact_log2(parts),
        "zero": 1, "last": 1,
    })  # fmt: skip


class DestinationWalker(wiring.Component):
    """Walks the rows of the target memory that a LOAD fills, in order.

    Latency one cycle, throughput one row per cycle, also from one job to the next. Cuts `valid` and
    `payload`, not `ready`.

    Parameters
    ----------
    rows : int
        Rows of the larger memory.
    parts : int
        Rows of the accumulator in the bytes that come at once; 1 if they are larger than these.
    parameters : int
        1: there is an epilogue with parameters, else 0.

    Members
    -------
    i : In(stream.Signature(DestinationJobLayout))
        Jobs.
    o : Out(stream.Signature(DestinationLayout))
        Their rows.
    """

    def __init__(self, *, rows, parts, parameters=0):
        self.row_width, self.parts = ceil_log2(rows), parts
        super().__init__({
            "i": In(stream.Signature(DestinationJobLayout(self.row_width, parameters))),
            "o": Out(stream.Signature(DestinationLayout(self.row_width, parts, parameters))),
        })

    def elaborate(self, platform):
        m = Module()
        job, chosen = Signal.like(self.i.payload), self.o.payload
        lines_left, chunks_left = Signal.like(job.rows), Signal.like(job.chunks)
        row, next_line = Signal(self.row_width), Signal(self.row_width)
        part = Signal.like(chosen.part)
        zero, padded, single = Signal(), Signal(), Signal()
        last_chunk, last_line = Signal(), Signal()  # chunks_left == 0, lines_left == 1
        last = Signal()
        m.d.comb += [
            last.eq(last_chunk & last_line & (zero | ~padded)),
            chosen.target.eq(job.target), chosen.to_parameters.eq(job.to_parameters),
            chosen.row.eq(row), chosen.zero.eq(zero),
            chosen.part.eq(part & job.target.replicate(len(part))), chosen.last.eq(last),
            self.i.ready.eq(~self.o.valid | (self.o.ready & last)),
        ]  # fmt: skip
        with m.If(self.o.ready):
            m.d.sync += [
                row.eq(row + job.panel_stride), part.eq(part + 1),
                chunks_left.eq(chunks_left - 1), last_chunk.eq(chunks_left == 1),
            ]
            with m.If(last_chunk):
                m.d.sync += [
                    row.eq(next_line), next_line.eq(next_line + 1), part.eq(0),
                    chunks_left.eq(job.chunks), last_chunk.eq(single),
                    lines_left.eq(lines_left - 1), last_line.eq(lines_left == 2),
                ]
                with m.If(last_line):
                    m.d.sync += [lines_left.eq(job.pad), last_line.eq(job.pad == 1), zero.eq(1)]
        with m.If(self.i.ready):
            i = self.i.payload
            m.d.sync += [
                self.o.valid.eq(self.i.valid), job.eq(i),
                row.eq(i.destination), next_line.eq(i.destination + 1), part.eq(0),
                chunks_left.eq(i.chunks), last_chunk.eq(i.chunks == 0), single.eq(i.chunks == 0),
                lines_left.eq(i.rows), last_line.eq(i.rows == 1),
                zero.eq(0), padded.eq(i.pad != 0),
            ]  # fmt: skip
        return m
