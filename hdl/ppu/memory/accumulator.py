"""The accumulator memory."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .bank import Bank

__all__ = ["Accumulator"]


class Accumulator(wiring.Component):
    """Rows of 32-bit sums; takes one row to write or to add every cycle, without back-pressure.

    Two banks take even and odd rows. Updates of consecutive rows alternate between them, so the
    bank that is free serves a STORE that reads and a LOAD that writes; either waits while its bank
    is used by an update. Latencies, in cycles::

        0  u_en, u_row, u_overwrite      read
        1                                memory
        2  u_sums                        add
        3                                write; u_done
        4                                a read of this row sees it

    So an update must not add to a row that another update touched less than `UPDATE_DISTANCE`
    cycles ago, nor may such a row be read. Who sends updates and reads keeps that distance
    (asserted). No row may be read, or added to, in the cycle in which a load writes it (asserted).

    Parameters
    ----------
    rows, columns : int
        Rows, and sums in a row.
    sum_shape : Shape
        Shape of an incoming sum; at most 32 bits, sign-extended.

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

    def __init__(self, *, rows, columns, sum_shape):
        self.rows, self.columns = rows, columns
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
        m.submodules.even = even = Bank(depth=self.rows // 2, lanes=self.columns, lane_width=32)
        m.submodules.odd = odd = Bank(depth=self.rows // 2, lanes=self.columns, lane_width=32)

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
        keep_even, keep_odd = ~u2_overwrite & ~u2_row[0], ~u2_overwrite & u2_row[0]
        for column in range(self.columns):
            old = ((even.r_data[column] & keep_even.replicate(32))
                   | (odd.r_data[column] & keep_odd.replicate(32)))
            m.d.sync += u3_data[column].eq(old + self.u_sums[column])

        load, read = self.load.payload, self.read.payload
        m.d.comb += [
            self.load.ready.eq(~u3_en | (u3_row[0] != load.row[0])),
            self.read.ready.eq(~self.u_en | (self.u_row[0] != read[0])),
        ]
        for parity, bank in enumerate((even, odd)):
            update_reads = self.u_en & (self.u_row[0] == parity)
            update_writes = u3_en & (u3_row[0] == parity)
            load_writes = self.load.valid & (load.row[0] == parity)
            read_reads = self.read.valid & (read[0] == parity)
            m.d.comb += [
                # An overwriting update reads nothing, so no row is read while it is written.
                bank.r_en.eq(Mux(update_reads, ~self.u_overwrite, read_reads)),
                bank.r_row.eq(Mux(update_reads, self.u_row[1:], read[1:])),
                bank.w_row.eq(Mux(update_writes, u3_row[1:], load.row[1:])),
                bank.w_data.eq(Mux(update_writes, u3_data.as_value(), load.data.as_value())),
                bank.w_mask.eq(Mux(update_writes, ~0, load.mask & load_writes.replicate(
                    self.columns))),
            ]
            m.d.sync += Assert(
                ~(bank.r_en & bank.w_mask.any() & (bank.r_row == bank.w_row)),
                "A row of the accumulator is read while it is written")
        r1_odd, r2_odd = Signal(), Signal()
        m.d.sync += [r1_odd.eq(read[0]), r2_odd.eq(r1_odd)]
        m.d.comb += self.r_data.eq(Mux(r2_odd, odd.r_data.as_value(), even.r_data.as_value()))
        return m
