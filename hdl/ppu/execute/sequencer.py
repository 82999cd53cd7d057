"""From a job to reads of weight and operand rows, one tile after the other."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..isa import LAST_WORD
from .tiles import row_reads

__all__ = ["Sequencer"]


class Sequencer(wiring.Component):
    """Takes the place of :class:`~.tiles.TileWalker` and :class:`~.feeder.Feeder` where the unit
    has one job at a time.

    Reads the weight rows of a tile, then its operand rows, then those of the next tile: a tile of m
    rows takes ``m + columns`` cycles. So two tiles are as far apart as the accumulator wants it,
    and never need a bank at the same time.

    Reads are registered: latency from the last word of a job to the first one two cycles. A job
    comes when the one before is complete.

    Parameters
    ----------
    scratchpad_rows, accumulator_rows, columns, update_distance : int
        As for :class:`~.feeder.Feeder`. `update_distance` is at most ``columns + 1``.
    job_layout : Layout
        Layout of a word of a job.

    Members
    -------
    i : In(stream)
        Jobs, word by word. They may use their operands and their sums as soon as they are taken.
    a_en, a_row, a, b_en, b_row, b, goes, held_up : Out
        As for :class:`~.feeder.Feeder`; `held_up` is constant 0.
    busy : Out(1)
        There is a job with rows to read.
    """

    def __init__(self, *, scratchpad_rows, accumulator_rows, columns, update_distance, job_layout):
        if update_distance > columns + 1:
            raise ValueError(f"update_distance must be at most {columns + 1}, "
                             f"not {update_distance!r}")
        self.columns = columns
        super().__init__({
            "i": In(stream.Signature(job_layout)),
            **row_reads(scratchpad_rows=scratchpad_rows, accumulator_rows=accumulator_rows,
                        columns=columns),
            "busy": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        sp, acc = self.a_row.shape(), self.a.c.shape()
        tiles, panels, left = Signal(16), Signal(16), Signal(16)    # left: panels from this one on
        first_a, a_stride, first_b, b_stride, b_tile_stride = (
            Signal(sp, name=name)
            for name in ("first_a", "a_stride", "first_b", "b_stride", "b_tile_stride"))
        a, b, next_tile = Signal(sp), Signal(sp), Signal(sp)        # of this panel; B's next tile
        c, c_stride = Signal(acc), Signal(acc)
        rows, row = Signal(len(c) + 1), Signal(len(c) + 1)
        column = Signal(range(self.columns), init=self.columns - 1)
        a_signed, b_signed, accumulate = Signal(), Signal(), Signal()
        operands, first_panel = Signal(), Signal()
        last_row, last_panel, last_tile = Signal(), Signal(), Signal()
        m.d.comb += [
            last_row.eq(row == rows - 1), last_panel.eq(left == 1),
            last_tile.eq(last_panel & (tiles == 1)),
            self.goes.eq(self.busy & operands), self.i.ready.eq(1),
            next_tile.eq(first_b + b_tile_stride),
        ]
        low, high = self.i.p.data[:16], self.i.p.data[16:]
        with m.If(self.i.valid):
            with m.Switch(self.i.p.index):
                with m.Case(0):
                    m.d.sync += [Cat(a_signed, b_signed, accumulate).eq(low[8:]), rows.eq(high)]
                with m.Case(1):
                    m.d.sync += [tiles.eq(low), panels.eq(high), left.eq(high), first_panel.eq(1)]
                with m.Case(2):
                    m.d.sync += [first_a.eq(low), a.eq(low), a_stride.eq(high)]
                with m.Case(3):
                    m.d.sync += [first_b.eq(low), b.eq(low), b_stride.eq(high)]
                with m.Case(4):
                    m.d.sync += [b_tile_stride.eq(low), c.eq(high)]
                with m.Case(LAST_WORD):
                    m.d.sync += [c_stride.eq(low), self.busy.eq(1)]
        with m.Elif(self.busy & ~operands):
            m.d.sync += [column.eq(column - 1), operands.eq(column == 0)]
        with m.Elif(self.busy):
            m.d.sync += row.eq(row + 1)
            with m.If(last_row):
                m.d.sync += [
                    row.eq(0), operands.eq(0), first_panel.eq(last_panel),
                    a.eq(Mux(last_panel, first_a, a + a_stride)),
                    b.eq(Mux(last_panel, next_tile, b + b_stride)),
                    left.eq(Mux(last_panel, panels, left - 1)), self.busy.eq(~last_tile),
                ]
                with m.If(last_panel):
                    m.d.sync += [tiles.eq(tiles - 1), first_b.eq(next_tile), c.eq(c + c_stride)]
        m.d.sync += [
            self.a_en.eq(self.goes), self.a_row.eq(a + row),
            self.a.swap.eq(row == 0), self.a.signed.eq(a_signed), self.a.c.eq(c + row),
            self.a.overwrite.eq(first_panel & ~accumulate),
            self.a.final.eq(last_tile), self.a.last.eq(self.goes & last_tile & last_row),
            self.b_en.eq(self.busy & ~operands), self.b_row.eq(b + column),
            self.b.column.eq(column), self.b.signed.eq(b_signed),
        ]  # fmt: skip
        return m
