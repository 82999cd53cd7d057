"""The processing element for INT8 operands."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..lib.delay import delay
from .multipliers import Multipliers

__all__ = ["Int8Element", "adder_tree"]


def adder_tree(terms):
    """Sums `terms` pairwise, so that widths grow one bit per level."""
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return adder_tree(terms[:middle]) + adder_tree(terms[middle:])


class Int8Element(wiring.Component):
    """Holds `dot` weights and adds their products with `dot` operands to the sum from above.

    Weights wait in a shadow register, which is also the path on which they travel to the right,
    until a swap mark makes them active. There is no flow control: every cycle is a step.

    An array of elements needs two numbers of its element, and nothing else: `latency`, cycles from
    `i_a` to its share of `o_sum`, and `hop`, cycles from `i_sum` to `o_sum`. Operands of the row
    below must come `hop` cycles later. Throughput: one step per cycle. All outputs are registers.
    Only the marks of loads and swaps are reset: data is undefined until some comes in.

    Parameters
    ----------
    dot : int
        Products added in one step.
    mixed_signs : bool
        9-bit operands, so that both INT8 and UINT8 fit; otherwise 8-bit signed ones.
    lanes : int
        Products in a whole sum (bytes of an operand row); fixes the width of sums.
    product_registers : int
        Registers between multipliers and adder. They follow each multiplier; where products must
        be added first, the second of two follows that addition.

    Members
    -------
    i_a, o_a : operands, passed to the right one cycle later.
    i_b, o_b : weights, passed to the right while `i_load`.
    i_load, o_load : takes `i_b` into the shadow register; passed down `hop` cycles later.
    i_swap, o_swap : makes the shadow weights active, for the operands that come with the mark;
        passed down `hop` cycles later.
    i_sum, o_sum : running sum, passed down.
    """

    #: Cycles from `i_sum` to `o_sum`.
    hop = 1

    def __init__(self, *, dot, mixed_signs, lanes, product_registers):
        self.dot, self.mixed_signs = dot, mixed_signs
        self.product_registers = product_registers
        #: Cycles from `i_a` to its share of `o_sum`: operand register, multiplier, sum register.
        self.latency = 2 + product_registers
        product_width = Multipliers.product_shape(mixed_signs).width
        self.sum_shape = signed(product_width + ceil_log2(lanes))
        operands = data.ArrayLayout(self.operand_shape(mixed_signs), dot)
        super().__init__({
            "i_a": In(operands), "o_a": Out(operands),
            "i_b": In(operands), "o_b": Out(operands),
            "i_load": In(1), "o_load": Out(1),
            "i_swap": In(1), "o_swap": Out(1),
            "i_sum": In(self.sum_shape), "o_sum": Out(self.sum_shape),
        })  # fmt: skip

    @staticmethod
    def operand_shape(mixed_signs):
        """Shape of one operand as it enters the array."""
        return Multipliers.operand_shape(mixed_signs)

    def elaborate(self, platform):
        m = Module()
        # Products that are added have one more addition; of two registers it takes one.
        tree_registers = 1 if self.dot > 1 and self.product_registers == 2 else 0
        m.submodules.multipliers = multipliers = Multipliers(
            dot=self.dot, mixed_signs=self.mixed_signs,
            product_registers=self.product_registers - tree_registers)  # fmt: skip
        operands = Signal.like(self.o_a, reset_less=True)
        shadow = Signal.like(self.o_b, reset_less=True)
        total = Signal.like(self.o_sum, reset_less=True)
        m.d.sync += [
            operands.eq(self.i_a),
            self.o_load.eq(self.i_load),
            self.o_swap.eq(self.i_swap),
        ]
        with m.If(self.i_load):
            m.d.sync += shadow.eq(self.i_b)
        m.d.comb += [
            self.o_a.eq(operands), self.o_b.eq(shadow), self.o_sum.eq(total),
            multipliers.i_a.eq(self.i_a),
            multipliers.i_b.eq(shadow),
            multipliers.i_take.eq(self.i_swap),
        ]  # fmt: skip
        products = adder_tree(list(multipliers.o_products))
        product = delay(m, products, tree_registers, name="product", reset_less=True)
        m.d.sync += total.eq(self.i_sum + product)
        return m
