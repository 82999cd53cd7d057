"""The accumulator memory."""

from functools import reduce
from operator import or_

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..lib.bank import Bank
from ..lib.delay import delay

__all__ = ["Accumulator"]


class Accumulator(wiring.Component):
    """Rows of 32-bit sums; takes one row to write or to add every cycle, without back-pressure.

    Two banks take even and odd rows. Updates of consecutive rows alternate between them, so the
    bank that is free serves a STORE that reads and a LOAD that writes; either waits while its bank
    is used by an update. With one bank, that is as long as updates come. Latencies, in cycles::

        0  u_en, u_row, u_overwrite      read
        1                                memory
        2  u_sums                        add
        3                                write; u_done
        4                                a read of this row sees it

    So an update must not add to a row that another update touched less than `UPDATE_DISTANCE`
    cycles ago, nor may such a row be read. Who sends updates and reads keeps that distance
    (asserted). No row may be read, or added to, in the cycle in which a load writes it or in the
    one before (asserted).

    Parameters
    ----------
    rows, columns : int
        Rows, and sums in a row.
    sum_shape : Shape
        Shape of an incoming sum; at most 32 bits, sign-extended.
    banks : int
        1 or 2.

    Members
    -------
    u_en, u_row, u_overwrite : an update: adds to the row, or overwrites it.
    u_sums : its sums, `READ_LATENCY` cycles later.
    load : In(stream)
        Row, mask of columns and sums to write.
    read : In(stream)
        Row to read.
    r_data : Out
        Its sums, `READ_LATENCY` cycles after the transfer.
    """

    READ_LATENCY = Bank.READ_LATENCY
    UPDATE_LATENCY = READ_LATENCY + 1
    UPDATE_DISTANCE = UPDATE_LATENCY + 1

    def __init__(self, *, rows, columns, sum_shape, banks=2):
        self.rows, self.columns, self.banks = rows, columns, banks
        row = data.ArrayLayout(32, columns)
        super().__init__({
            "u_en": In(1), "u_row": In(range(rows)), "u_overwrite": In(1),
            "u_sums": In(data.ArrayLayout(sum_shape, columns)),
            "load": In(stream.Signature(data.StructLayout(
                {"row": range(rows), "mask": columns, "data": row}))),
            "read": In(stream.Signature(range(rows))),
            "r_data": Out(row),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        banks = [Bank(depth=self.rows // self.banks, lanes=self.columns, lane_width=32,
                      clears=self.banks == 1)
                 for _ in range(self.banks)]  # fmt: skip
        names = ["even", "odd"] if self.banks > 1 else ["bank"]
        for name, bank in zip(names, banks, strict=True):
            m.submodules[name] = bank

        local = slice(self.banks - 1, None)     # row within its bank

        def same(row, other):
            """Whether two rows, or a row and a number of a bank, are of the same bank."""
            return row[0] == other[0] if self.banks > 1 else C(1, 1)

        def here(row, index):
            return same(row, Const(index, 1))

        # u0 .. u3: stages of an update.
        u1_en, u1_row, u1_overwrite = Signal(), Signal.like(self.u_row), Signal()
        u2_en, u2_row, u2_overwrite = Signal(), Signal.like(self.u_row), Signal()
        u3_en, u3_row = Signal(), Signal.like(self.u_row)
        u3_data = Signal.like(self.r_data)
        m.d.sync += [
            u1_en.eq(self.u_en), u1_row.eq(self.u_row), u1_overwrite.eq(self.u_overwrite),
            u2_en.eq(u1_en), u2_row.eq(u1_row), u2_overwrite.eq(u1_overwrite),
            u3_en.eq(u2_en), u3_row.eq(u2_row),
        ]  # fmt: skip
        for en, row in ((u1_en, u1_row), (u2_en, u2_row), (u3_en, u3_row)):
            m.d.sync += Assert(
                ~(self.u_en & ~self.u_overwrite & en & (row == self.u_row)),
                "An update adds to a row that an update touched less than UPDATE_DISTANCE ago")
            m.d.sync += Assert(
                ~(self.read.valid & self.read.ready & en & (row == self.read.payload)),
                "A row is read that an update touched less than UPDATE_DISTANCE ago")
        if self.banks > 1:
            keeps = [~u2_overwrite & here(u2_row, index) for index in range(self.banks)]
            old = reduce(or_, (bank.r_data.as_value() & keep.replicate(32 * self.columns)
                               for bank, keep in zip(banks, keeps, strict=True)))
        else:
            m.d.comb += banks[0].r_clear.eq(self.u_en & self.u_overwrite)
            old = banks[0].r_data.as_value()
        for column in range(self.columns):
            m.d.sync += u3_data[column].eq(old.word_select(column, 32) + self.u_sums[column])

        load, read = self.load.payload, self.read.payload
        m.d.comb += [
            self.load.ready.eq(~u3_en | ~same(u3_row, load.row)),
            self.read.ready.eq(~self.u_en | ~same(self.u_row, read)),
        ]
        for index, bank in enumerate(banks):
            update_reads = self.u_en & here(self.u_row, index)
            update_writes = u3_en & here(u3_row, index)
            load_writes = self.load.valid & here(load.row, index)
            read_reads = self.read.valid & here(read, index)
            m.d.comb += [
                # An overwriting update reads nothing, so no row is read while it is written.
                bank.r_en.eq(Mux(update_reads, ~self.u_overwrite, read_reads)),
                bank.r_row.eq(Mux(update_reads, self.u_row[local], read[local])),
                bank.w_row.eq(Mux(update_writes, u3_row[local], load.row[local])),
                bank.w_data.eq(Mux(update_writes, u3_data.as_value(), load.data.as_value())),
                bank.w_mask.eq(Mux(update_writes, ~0, load.mask & load_writes.replicate(
                    self.columns))),
            ]
            before = delay(m, Cat(bank.r_row, bank.r_en), 1, name=f"read_before_{index}")
            for row, reads in ((bank.r_row, bank.r_en), (before[:-1], before[-1])):
                m.d.sync += Assert(~(reads & bank.w_mask.any() & (row == bank.w_row)),
                                   "A row of the accumulator is read while it is written")
        chosen = delay(m, read[0], self.READ_LATENCY, name="read_bank")
        m.d.comb += self.r_data.eq(
            Mux(chosen, banks[-1].r_data.as_value(), banks[0].r_data.as_value()))
        return m
