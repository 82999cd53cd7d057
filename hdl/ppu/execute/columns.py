"""The array where weights and operands never overlap: a whole dot product in each column."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from .element import adder_tree
from .multipliers import Multipliers, Pairs

__all__ = ["ColumnArray"]


class ColumnArray(wiring.Component):
    """Takes the place of :class:`~.array.SystolicArray` where commands start in order.

    Weight rows and operand rows go to all columns at once, and a column multiplies and adds all
    lanes in one step. Nothing moves from element to element, so there is no skew, and a weight is
    kept nowhere but at its multiplier. There is no flow control; gaps are allowed anywhere.

    Latency `latency` cycles from an operand row to its sums, throughput one row per cycle. A weight
    row counts for operand rows that come with it or later. A reset leaves data alone.

    Parameters
    ----------
    lanes, columns : int
        Bytes of a row, and rows of weights.
    mixed_signs : bool
        As for :class:`~.multipliers.Multipliers`.
    product_registers : int
        Registers between multipliers and sums, 0 to 2. There is at least one, behind the addition
        of pairs of products.

    Members
    -------
    Those of :class:`~.array.SystolicArray` for one row of elements; `i_swap` has no effect.
    """

    def __init__(self, *, lanes, columns, mixed_signs, product_registers):
        self.columns = columns
        self._pairs = [
            Pairs(dot=lanes, mixed_signs=mixed_signs, product_registers=max(1, product_registers))
            for _ in range(columns)]  # fmt: skip
        #: Cycles from a row of operands to its sums.
        self.latency = self._pairs[0].latency + 1
        operands = self._pairs[0].i_a.shape()
        width = Multipliers.product_shape(mixed_signs).width
        super().__init__({
            "i_a": In(data.ArrayLayout(operands, 1)), "i_swap": In(1),
            "i_b": In(data.ArrayLayout(operands, 1)), "i_load": In(1),
            "i_column": In(range(columns)),
            "o_sums": Out(data.ArrayLayout(signed(width + ceil_log2(lanes)), columns)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        for column, pairs in enumerate(self._pairs):
            m.submodules[f"pairs_{column}"] = pairs
            total = Signal(self.o_sums[column].shape(), name=f"sum_{column}", reset_less=True)
            m.d.comb += [
                pairs.i_a.eq(self.i_a[0]), pairs.i_b.eq(self.i_b[0]),
                pairs.i_take.eq(self.i_load & (self.i_column == column)),
                self.o_sums[column].eq(total),
            ]
            m.d.sync += total.eq(adder_tree(list(pairs.o_sums)))
        return m
