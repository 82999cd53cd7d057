"""Lattice ECP5: MULT18X18D and DP16KD with their own registers."""

from amaranth import *

from ppu.lib.delay import delay

from .ecp5_bank import DEPTH, bank_form
from .ecp5_soft import soft_product
from .family import Family
from .pins import bits

__all__ = ["Ecp5"]

_WIDTH = 18


class Ecp5(Family):
    """ECP5 family.

    Each product takes one MULT18X18D: place and route does not know of its halves, MULT9X9D. Its
    registers of A and B are the operand and the weight, its output register is the first product
    register. The second is made of flip-flops, which can be put beside the adder that they feed: a
    multiplier has a fixed place, and the way from there took 3.6 ns in an 8 x 8 array. So the
    register inside the multiplier stays unused. nextpnr does not check the path in it, between
    registers of operands and of products; without the latter, it counts 3.9 ns (speed grade 6).

    The first products get the chip's blocks, but for `products` of them, and the others are
    made of carry cells, see :func:`~.ecp5_soft.soft_product`. Elements are elaborated row by row:
    so whole rows of an array are of one kind, but for one row. Blocks lie in three rows across an
    LFE5U-85, and each takes some rows of the array; the others are where there is room.

    A bank takes DP16KD blocks with their output registers.
    """

    name = "ecp5"

    def __init__(self, *, multipliers=None, products=0):
        super().__init__(multipliers=multipliers, products=products)
        self._left = None if multipliers is None else max(0, multipliers - products)

    def multipliers(self, component):
        """One MULT18X18D for each product while there are some, then carry cells."""
        m = Module()
        behind = max(0, component.product_registers - 1)
        for index, output in enumerate(component.o_products):
            product = Signal.like(output, name=f"product_{index}")
            if self._left == 0:
                m.d.comb += output.eq(self._soft(m, component, index))
                continue
            if self._left is not None:
                self._left -= 1
            m.submodules[f"multiplier_{index}"] = _multiplier(
                component.i_a[index], component.i_b[index], product, take_b=component.i_take,
                is_registered=component.product_registers > 0, is_signed=True)  # fmt: skip
            m.d.comb += output.eq(delay(m, product, behind, name=product.name, reset_less=True))
        return m

    def product(self, component):
        """One MULT18X18D with registers on both sides; None on a chip without."""
        if self.chip_multipliers is not None and self.chip_multipliers < max(1, self.products):
            return None
        m = Module()
        m.submodules.multiplier = _multiplier(
            component.i_a, component.i_b, component.o_product, take_a=component.i_take,
            take_b=component.i_take, is_registered=True, is_signed=False)  # fmt: skip
        return m

    def _soft(self, m, component, index):
        a = Signal.like(component.i_a[index], name=f"operand_{index}", reset_less=True)
        b = Signal.like(component.i_b[index], name=f"weight_{index}", reset_less=True)
        m.d.sync += a.eq(component.i_a[index])
        with m.If(component.i_take):
            m.d.sync += b.eq(component.i_b[index])
        return soft_product(
            m, a, b, width=len(component.o_products[index]),
            registers=component.product_registers, name=f"product_{index}")

    def bank(self, component):
        """DP16KD blocks; None if it clears, or is deeper than one of them."""
        if component.clears or component.depth > DEPTH:
            return None
        return bank_form(component)


def _multiplier(a, b, product, *, take_a=1, take_b, is_registered, is_signed):
    """A MULT18X18D for `a` and `b`, with the lower bits of their product in `product`.

    Operands are in the upper bits of A and B, with zeros below them, and so is the product in P:
    that takes fewer wires than sign bits above the operands. `take_a` and `take_b` enable their
    registers.
    """
    stages = {"INPUTA": 1, "INPUTB": 2, "PIPELINE": None, "OUTPUT": 0 if is_registered else None}
    start = 2 * _WIDTH - len(a) - len(b)
    return Instance(
        "MULT18X18D",
        *(("p", f"REG_{stage}_CLK", "NONE" if enable is None else "CLK0")
          for stage, enable in stages.items()),
        *(("p", f"REG_{stage}_CE", f"CE{enable or 0}") for stage, enable in stages.items()),
        # Its registers hold data only: no reset of any kind.
        ("p", "GSR", "DISABLED"),
        *(("i", f"RST{index}", 0) for index in range(4)),
        ("i", "CLK0", ClockSignal()), *(("i", f"CLK{index}", 0) for index in range(1, 4)),
        ("i", "CE0", 1), ("i", "CE1", take_a), ("i", "CE2", take_b), ("i", "CE3", 0),
        ("i", "SIGNEDA", is_signed), ("i", "SIGNEDB", is_signed),
        ("i", "SOURCEA", 0), ("i", "SOURCEB", 0),
        *bits("i", "A", Cat(Const(0, _WIDTH - len(a)), a)),
        *bits("i", "B", Cat(Const(0, _WIDTH - len(b)), b)),
        *bits("i", "C", Const(0, _WIDTH)),
        *(("o", f"P{start + index}", bit) for index, bit in enumerate(product)),
    )  # fmt: skip
