"""The operand memory."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..lib.bank import Bank
from ..lib.delay import delay

__all__ = ["Scratchpad"]


class Scratchpad(wiring.Component):
    """Operand rows in banks by the top bits of the row number; one write and two reads a cycle.

    The two reads must go to different banks in one cycle. A write goes on beside both, also in the
    same bank, but must not be of a row that is read in the same cycle or the one before. Who asks
    keeps both rules (asserted). Data appears `READ_LATENCY` cycles after its read, which sees
    writes up to the cycle before it.

    Parameters
    ----------
    rows, banks, row_bytes : int
        Rows in all, banks, and bytes of a row.

    Members
    -------
    w_en, w_row, w_data : write of a whole row.
    a_en, a_row, a_data, b_en, b_row, b_data : the two reads.
    """

    READ_LATENCY = Bank.READ_LATENCY

    def __init__(self, *, rows, banks, row_bytes):
        self.rows, self.banks, self.row_bytes = rows, banks, row_bytes
        width = 8 * row_bytes
        super().__init__({
            "w_en": In(1), "w_row": In(range(rows)), "w_data": In(width),
            "a_en": In(1), "a_row": In(range(rows)), "a_data": Out(width),
            "b_en": In(1), "b_row": In(range(rows)), "b_data": Out(width),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        depth = self.rows // self.banks
        local = exact_log2(depth)
        a_bank = delay(m, self.a_row[local:], self.READ_LATENCY, name="a_bank")
        b_bank = delay(m, self.b_row[local:], self.READ_LATENCY, name="b_bank")
        m.d.sync += Assert(
            ~(self.a_en & self.b_en & (self.a_row[local:] == self.b_row[local:])),
            "two reads of one scratchpad bank in a cycle")
        for en, row in ((self.a_en, self.a_row), (self.b_en, self.b_row)):
            before = delay(m, Cat(row, en), 1, name="read_before")
            for read, wanted in ((en, row), (before[-1], before[:-1])):
                m.d.sync += Assert(~(self.w_en & read & (self.w_row == wanted)),
                                   "A row of the scratchpad is read while it is written")
        rows = []
        for index in range(self.banks):
            bank = Bank(depth=depth, lanes=1, lane_width=8 * self.row_bytes)
            m.submodules[f"bank_{index}"] = bank
            read_a = self.a_en & (self.a_row[local:] == index)
            read_b = self.b_en & (self.b_row[local:] == index)
            m.d.comb += [
                bank.w_mask.eq(self.w_en & (self.w_row[local:] == index)),
                bank.w_row.eq(self.w_row[:local]),
                bank.w_data.as_value().eq(self.w_data),
                bank.r_en.eq(read_a | read_b),
                bank.r_row.eq(Mux(read_a, self.a_row[:local], self.b_row[:local])),
            ]
            rows.append(bank.r_data.as_value())
        m.d.comb += [self.a_data.eq(Array(rows)[a_bank]), self.b_data.eq(Array(rows)[b_bank])]
        return m
