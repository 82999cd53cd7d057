"""From a job to its tiles."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

__all__ = ["TileLayout", "TileWalker", "row_reads"]


def TileLayout(scratchpad_rows, accumulator_rows):
    """One tile: `m` rows of A against one tile of weights.

    `overlap`: the tile adds to rows that the end of the tile before it may just have touched.
    `first`, `last`: of its job.
    """
    return data.StructLayout({
        "a": ceil_log2(scratchpad_rows), "b": ceil_log2(scratchpad_rows),
        "c": ceil_log2(accumulator_rows), "m": 16,
        "a_signed": 1, "b_signed": 1, "overwrite": 1, "overlap": 1, "first": 1, "last": 1,
    })  # fmt: skip


def row_reads(*, scratchpad_rows, accumulator_rows, columns):
    """Members of what reads operand and weight rows, as :class:`~.feeder.Feeder` tells them."""
    return {
        "a_en": Out(1), "a_row": Out(range(scratchpad_rows)),
        "a": Out(data.StructLayout({
            "swap": 1, "signed": 1, "c": ceil_log2(accumulator_rows), "overwrite": 1,
            "final": 1, "last": 1,
        })),
        "b_en": Out(1), "b_row": Out(range(scratchpad_rows)),
        "b": Out(data.StructLayout({"column": range(columns), "signed": 1})),
        "goes": Out(1), "held_up": Out(1),
    }  # fmt: skip


class TileWalker(wiring.Component):
    """Walks the two loops of an EXECUTE: column tiles outside, K panels inside.

    Latency one cycle, throughput one tile per cycle; a job is taken in the cycle after the last
    tile of the one before has left. Cuts all paths.

    Parameters
    ----------
    scratchpad_rows, accumulator_rows : int
        Rows of the memories.
    job_layout : Layout
        Layout of a job.
    update_distance : int
        Cycles that must lie between two updates of an accumulator row.

    Members
    -------
    i : In(stream)
        Jobs.
    o : Out(stream)
        Tiles.
    """

    def __init__(self, *, scratchpad_rows, accumulator_rows, job_layout, update_distance):
        self.update_distance = update_distance
        self.tile_layout = TileLayout(scratchpad_rows, accumulator_rows)
        super().__init__({
            "i": In(stream.Signature(job_layout)),
            "o": Out(stream.Signature(self.tile_layout)),
        })

    def elaborate(self, platform):
        m = Module()
        job, tile = Signal.like(self.i.payload), self.o.payload
        n_left, k_left = Signal(16), Signal(16)
        a, b, c = Signal.like(tile.a), Signal.like(tile.b), Signal.like(tile.c)
        b_tile, first_panel, first_tile = Signal.like(tile.b), Signal(), Signal()
        last_panel, last_tile = Signal(), Signal()
        m.d.comb += [
            last_panel.eq(k_left == 1),
            last_tile.eq(last_panel & (n_left == 1)),
        ]

        # The tile before this one had rows start .. end-1. On the same rows, tiles are far enough
        # apart: they start `columns` cycles after each other. Shifted by some rows, they may not
        # be.
        start, end = Signal.like(tile.c), Signal(range(2**len(tile.c) + 1))
        behind = Signal.like(end)
        m.d.comb += [
            behind.eq(end - c),
            tile.a.eq(a), tile.b.eq(b), tile.c.eq(c), tile.m.eq(job.m),
            tile.a_signed.eq(job.a_signed), tile.b_signed.eq(job.b_signed),
            tile.overwrite.eq(first_panel & ~job.accumulate),
            tile.overlap.eq(behind.matches(*range(1, self.update_distance)) & (start != c)
                            & ~tile.overwrite),
            tile.first.eq(first_tile), tile.last.eq(last_tile),
        ]  # fmt: skip

        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [start.eq(c), end.eq(c + job.m), first_tile.eq(0)]
            with m.If(last_panel):
                m.d.sync += [
                    n_left.eq(n_left - 1), k_left.eq(job.k), first_panel.eq(1),
                    a.eq(job.a), c.eq(c + job.c_stride),
                    b.eq(b_tile + job.b_tile_stride), b_tile.eq(b_tile + job.b_tile_stride),
                ]  # fmt: skip
            with m.Else():
                m.d.sync += [
                    k_left.eq(k_left - 1), first_panel.eq(0),
                    a.eq(a + job.a_stride), b.eq(b + job.b_stride),
                ]  # fmt: skip

        m.d.comb += self.i.ready.eq(~self.o.valid)
        with m.If(self.o.valid & self.o.ready & last_tile):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.ready):
            next_job = self.i.payload
            m.d.sync += self.o.valid.eq(self.i.valid)
            with m.If(self.i.valid):
                m.d.sync += [
                    job.eq(next_job), n_left.eq(next_job.n), k_left.eq(next_job.k),
                    first_panel.eq(1), first_tile.eq(1), a.eq(next_job.a), c.eq(next_job.c),
                    b.eq(next_job.b), b_tile.eq(next_job.b),
                ]  # fmt: skip
        return m
