"""From tiles to reads of operand and weight rows."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..lib.queue import ShallowQueue
from .tiles import TileLayout, row_reads

__all__ = ["Feeder"]


class Feeder(wiring.Component):
    """Reads operand rows and weight rows of tiles, so that the array never waits without need.

    Weights run one tile ahead: those of the next tile may follow in the cycle in which the first
    row of this one is read, and a tile starts in the cycle after its last weight row was read. So
    tiles of m rows take max(m, columns) cycles each, without a bubble, if operands and weights lie
    in different banks; in the same bank, operands go first and weights wait.

    The first tile of a job waits for the job's `go`; its weights do not. It holds the shadow
    weights until then, so the array works on with those of the tile before it. A tile that adds to
    rows which the tile before it touched at its end starts late enough for the accumulator
    (`update_distance`). Once a tile's first row is read, the others follow in consecutive cycles.

    Reads are registered: latency from `i` to the first read two cycles for weights; from `go` to
    that of the operand row that waits for it, one.

    Parameters
    ----------
    scratchpad_rows, scratchpad_banks, accumulator_rows, columns : int
        Sizes.
    update_distance : int
        Cycles that must lie between two updates of an accumulator row.
    jobs : int
        Most jobs that have their `go` and are not complete.

    Members
    -------
    i : In(stream)
        Tiles.
    go : In(1)
        A pulse for each job, in order: its operands and sums may be used.
    a_en, a_row : Out
        Read of an operand row.
    a : Out
        What goes with it: `swap` on the first row of a tile, sign, accumulator row, whether to
        overwrite it, `final` on the rows of the last tile of a job, and `last`, which is 0 without
        a read, on the last one.
    b_en, b_row : Out
        Read of a weight row.
    b : Out
        Its column in the array and its sign.
    goes : Out(1)
        An operand row is read next.
    held_up : Out(1)
        If none is: because a tile's weights or operands had to keep away from the tile before it,
        the weights from its bank, the operands from its sums.
    filled : Out(1)
        There is a tile with operand rows to read, and it does not wait for `go` alone.
    """

    def __init__(self, *, scratchpad_rows, scratchpad_banks, accumulator_rows, columns,
                 update_distance, jobs):  # fmt: skip
        self.columns, self.update_distance, self.jobs = columns, update_distance, jobs
        self._bank_lsb = exact_log2(scratchpad_rows // scratchpad_banks)
        self._tile = TileLayout(scratchpad_rows, accumulator_rows)
        super().__init__({
            "i": In(stream.Signature(self._tile)), "go": In(1),
            **row_reads(scratchpad_rows=scratchpad_rows, accumulator_rows=accumulator_rows,
                        columns=columns),
            "filled": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        # A tile waits here for its operands, and in a register for its weights. There is a register
        # behind the queue too, so that `go` does not reach the queue.
        m.submodules.queue = queue = ShallowQueue(self._tile, depth=2)
        next_full, next_tile = Signal(), Signal(self._tile)

        a_waits, a_runs = Signal(), Signal()    # a tile whose first row is not read, or is
        a_final, a_left = Signal(), Signal(16)
        a_tile = Signal(self._tile)
        b_layout = data.StructLayout({"b": self.b_row.shape(), "b_signed": 1})
        b_valid, b_fresh, b_tile = Signal(), Signal(), Signal(b_layout)
        b_spare_full, b_spare, b_next = Signal(), Signal(b_layout), Signal(b_layout)
        b_column = Signal.like(self.b.column, init=self.columns - 1)
        b_final = Signal()                              # b_column == 0
        loaded = Signal()           # the weights of the next tile to start are all read
        free = Signal(init=1)       # the shadow weights are in use by no tile that has not started
        quiet = Signal(range(self.update_distance))     # cycles since the last operand row
        quiet_enough = Signal()                         # as many as can matter
        granted = Signal(range(self.jobs + 1))          # jobs that may begin and have not
        some_granted = Signal()                         # granted != 0
        allowed = Signal()          # so, or the tile is not the first one of its job

        a_go, a_start, a_take = Signal(), Signal(), Signal()
        b_go, b_done, b_take = Signal(), Signal(), Signal()
        taken = Signal()            # the walker's tile
        b_late = Signal()           # a weight row had to wait for the bank
        settled = ~a_tile.overlap | quiet_enough
        may_begin = allowed | self.go
        begins = a_start & a_tile.first
        some_left = Mux(self.go ^ begins, self.go | (granted != 1), some_granted)
        same_bank = a_tile.a[self._bank_lsb:] == b_tile.b[self._bank_lsb:]
        # Whether a weight row is read, without and with an operand row, which is known late.
        b_alone = b_valid & (~b_fresh | free)
        b_wanted = b_valid & (~b_fresh | free | a_waits)
        b_beside = b_wanted & ~same_bank
        m.d.comb += [
            a_go.eq(a_runs | (a_waits & loaded & settled & may_begin)),
            a_start.eq(a_go & a_waits),
            a_take.eq(Mux(a_go, a_final, ~a_waits)),
            b_go.eq(Mux(a_go, b_beside, b_alone)),
            b_done.eq(Mux(a_go, b_beside & b_final, b_alone & b_final)),
            b_take.eq(Mux(a_go, ~b_valid | b_beside & b_final, ~b_valid | b_alone & b_final)),
            queue.i.payload.eq(self.i.payload),
            queue.i.valid.eq(self.i.valid & ~b_spare_full),
            self.i.ready.eq(queue.i.ready & ~b_spare_full),
            taken.eq(self.i.valid & self.i.ready),
            b_next.b.eq(Mux(b_spare_full, b_spare.b, self.i.payload.b)),
            b_next.b_signed.eq(Mux(b_spare_full, b_spare.b_signed, self.i.payload.b_signed)),
            queue.o.ready.eq(~next_full),
            self.goes.eq(a_go),
            self.held_up.eq(a_waits & Mux(loaded, may_begin, b_late)),
            self.filled.eq(Mux(a_waits, ~loaded | may_begin, next_full | queue.o.valid)),
        ]

        with m.If(~next_full):
            m.d.sync += [next_full.eq(queue.o.valid), next_tile.eq(queue.o.payload)]
        with m.Elif(a_take):
            m.d.sync += next_full.eq(0)
        with m.If(a_take):
            m.d.sync += [
                a_waits.eq(next_full), a_runs.eq(0), a_tile.eq(next_tile),
                a_left.eq(next_tile.m), a_final.eq(next_tile.m == 1),
            ]  # fmt: skip
        with m.Elif(a_go):
            m.d.sync += [
                a_waits.eq(0), a_runs.eq(1), a_left.eq(a_left - 1), a_final.eq(a_left == 2),
                a_tile.a.eq(a_tile.a + 1), a_tile.c.eq(a_tile.c + 1),
            ]  # fmt: skip

        with m.If(~b_spare_full):
            m.d.sync += [
                b_spare.b.eq(self.i.payload.b), b_spare.b_signed.eq(self.i.payload.b_signed),
            ]  # fmt: skip
        m.d.sync += b_spare_full.eq(~b_take & (b_spare_full | taken))
        with m.If(b_take):
            m.d.sync += [
                b_valid.eq(b_spare_full | taken), b_fresh.eq(1),
                b_tile.b.eq(b_next.b + self.columns - 1), b_tile.b_signed.eq(b_next.b_signed),
            ]  # fmt: skip
        with m.Elif(b_go):
            m.d.sync += [b_fresh.eq(0), b_tile.b.eq(b_tile.b - 1)]
        with m.If(b_go):    # from the last column back to the first
            m.d.sync += [b_column.eq(b_column - 1), b_final.eq(b_column == 1)]

        with m.If(a_go & b_wanted & same_bank):
            m.d.sync += b_late.eq(1)
        with m.Elif(a_start):
            m.d.sync += b_late.eq(0)
        with m.If(b_done):
            m.d.sync += loaded.eq(1)
        with m.Elif(a_start):
            m.d.sync += loaded.eq(0)
        with m.If(b_go & b_fresh):
            m.d.sync += free.eq(0)
        with m.Elif(a_start):
            m.d.sync += free.eq(1)
        with m.If(self.go ^ begins):
            m.d.sync += granted.eq(granted + Mux(begins, -1, 1))
        m.d.sync += [
            some_granted.eq(some_left),
            allowed.eq(some_left | ~Mux(a_take, next_tile.first, a_tile.first)),
        ]
        with m.If(a_go):
            m.d.sync += [quiet.eq(0), quiet_enough.eq(0)]
        with m.Elif(~quiet_enough):
            m.d.sync += [
                quiet.eq(quiet + 1), quiet_enough.eq(quiet == self.update_distance - 2),
            ]  # fmt: skip

        m.d.sync += [
            self.a_en.eq(a_go), self.a_row.eq(a_tile.a),
            self.a.swap.eq(a_waits), self.a.signed.eq(a_tile.a_signed), self.a.c.eq(a_tile.c),
            self.a.overwrite.eq(a_tile.overwrite),
            self.a.final.eq(a_tile.last), self.a.last.eq(a_go & a_tile.last & a_final),
            self.b_en.eq(b_go), self.b_row.eq(b_tile.b),
            self.b.column.eq(b_column), self.b.signed.eq(b_tile.b_signed),
        ]  # fmt: skip
        return m
