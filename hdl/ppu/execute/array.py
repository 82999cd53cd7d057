"""The weight-stationary systolic array."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..lib.delay import delay

__all__ = ["SystolicArray"]


class SystolicArray(wiring.Component):
    """Multiplies rows of operands with a stationary tile of weights, one row per cycle.

    Row r of elements holds lanes ``r*dot ..`` of every weight row, column c the weight row of
    output c. Operands move right, sums move down; both are skewed and straightened here, so that a
    row goes in and comes out as a whole, `latency` cycles later::

          i_b  i_a     column 0    column 1
                |         |            |
          lane 0  ----> element ---> element --->      each hop right: one cycle
          lane 1  -[]-> element ---> element --->      each hop down: `element.hop` cycles
                          |            |
                        o_sums[0]    o_sums[1]

    Weights enter with the number of their column, the highest first, on a path of their own, while
    the active tile computes. A value for column c passes the columns before it and stops there; so
    the first weight row of the next tile may enter in the very cycle in which the first operand row
    of this tile does (with `i_swap`), and the next tile may start right after its last weight row.
    With at least as many operand rows as columns in a tile, no element is ever idle.

    There is no flow control; gaps between rows and between weight rows are allowed anywhere. A
    reset forgets loads and swaps on their way; it leaves data alone.

    Parameters
    ----------
    rows, columns : int
        Size in elements.
    element : callable
        Makes an element; the array asks it for nothing but `latency`, `hop` and its shapes.

    Members
    -------
    i_a : In(ArrayLayout)
        Operand row, `dot` operands for each row of elements.
    i_swap : In(1)
        This operand row is the first that uses the weights loaded last.
    i_b : In(ArrayLayout)
        Weight row.
    i_load, i_column : In
        A weight row is there, and its column.
    o_sums : Out(ArrayLayout)
        Sums of the operand row that entered `latency` cycles ago.
    """

    def __init__(self, *, rows, columns, element):
        self.rows, self.columns = rows, columns
        self._elements = [[element() for _ in range(columns)] for _ in range(rows)]
        prototype = self._elements[0][0]
        self._hop = prototype.hop
        #: Cycles from a row of operands to its sums.
        self.latency = prototype.latency + (rows - 1) * self._hop + columns - 1
        group = prototype.signature.members["i_a"].shape
        super().__init__({
            "i_a": In(data.ArrayLayout(group, rows)),
            "i_swap": In(1),
            "i_b": In(data.ArrayLayout(group, rows)),
            "i_load": In(1),
            "i_column": In(range(columns)),
            "o_sums": Out(data.ArrayLayout(prototype.sum_shape, columns)),
        })

    def elaborate(self, platform):
        m = Module()
        elements = self._elements
        for r, row in enumerate(elements):
            for c, element in enumerate(row):
                m.submodules[f"element_{r}_{c}"] = element
        loads, swaps = self._top_control(m)
        for r, row in enumerate(elements):
            skew = r * self._hop
            a = delay(m, self.i_a[r].as_value(), skew, name=f"a_{r}", reset_less=True)
            b = delay(m, self.i_b[r].as_value(), skew, name=f"b_{r}", reset_less=True)
            for c, element in enumerate(row):
                left = row[c - 1] if c else None
                above = elements[r - 1][c] if r else None
                m.d.comb += [
                    element.i_a.as_value().eq(left.o_a.as_value() if left else a),
                    element.i_b.as_value().eq(left.o_b.as_value() if left else b),
                    element.i_load.eq(above.o_load if above else loads[c]),
                    element.i_swap.eq(above.o_swap if above else swaps[c]),
                    element.i_sum.eq(above.o_sum if above else 0),
                ]
        for c, element in enumerate(elements[-1]):
            m.d.comb += self.o_sums[c].eq(
                delay(m, element.o_sum, self.columns - 1 - c, name=f"sum_{c}", reset_less=True))
        return m

    def _top_control(self, m):
        """Load and swap of the first row's elements: they move right with weights and operands."""
        loads, swaps = [], []
        load, column, swap = self.i_load, self.i_column, self.i_swap
        for c in range(self.columns):
            loads.append(load)
            swaps.append(swap)
            next_load = Signal(name=f"load_{c + 1}")
            next_column = Signal.like(self.i_column, name=f"column_{c + 1}", reset_less=True)
            next_swap = Signal(name=f"swap_{c + 1}")
            m.d.sync += [
                next_load.eq(load & (column != c)),
                next_column.eq(column),
                next_swap.eq(swap),
            ]
            load, column, swap = next_load, next_column, next_swap
        return loads, swaps
