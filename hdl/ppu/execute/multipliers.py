"""The multipliers of a processing element."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..lib.delay import delay
from ..lib.lowering import lowered

__all__ = ["Multipliers", "Pairs"]


class Multipliers(wiring.Component):
    """Multiplies `dot` operands with as many weights that stay, in every cycle.

    Operands and weights are registered first, then multiplied; `product_registers` more follow.
    That order is the one in which the multipliers of FPGAs have their registers, and a form for
    such hardware may take this one's place, see :mod:`ppu.lib.lowering`.

    Latency `latency` cycles from operands to products, throughput one step per cycle. Weights that
    are taken together with operands count for these. Without product registers, products come
    straight from the multiplier. All registers hold data only and have no reset: until weights are
    taken after a reset, products are undefined.

    Parameters
    ----------
    dot : int
        Products.
    mixed_signs : bool
        9-bit operands that hold INT8 and UINT8; otherwise 8-bit signed ones.
    product_registers : int
        Registers after each multiplier, 0 to 2.

    Members
    -------
    i_a : In(ArrayLayout)
        Operands.
    i_b, i_take : In
        Weights, and whether they replace those that are there.
    o_products : Out(ArrayLayout)
        Product of each pair.
    """

    def __init__(self, *, dot, mixed_signs, product_registers):
        if not 0 <= product_registers <= 2:
            raise ValueError(f"product_registers must be from 0 to 2, not {product_registers!r}")
        self.dot, self.mixed_signs = dot, mixed_signs
        self.product_registers = product_registers
        #: Cycles from operands to their products.
        self.latency = 1 + product_registers
        operands = data.ArrayLayout(self.operand_shape(mixed_signs), dot)
        super().__init__({
            "i_a": In(operands), "i_b": In(operands), "i_take": In(1),
            "o_products": Out(data.ArrayLayout(self.product_shape(mixed_signs), dot)),
        })  # fmt: skip

    @staticmethod
    def operand_shape(mixed_signs):
        """Shape of an operand and of a weight; 9 bits never hold less than -128."""
        return signed(9) if mixed_signs else signed(8)

    @staticmethod
    def product_shape(mixed_signs):
        """Shape of a product: |INT8 * INT8| <= 2^14, |UINT8 * UINT8| < 2^16, and the sign."""
        return signed(17) if mixed_signs else signed(16)

    def elaborate(self, platform):
        special = lowered(self, platform)
        if special is not None:
            return special
        m = Module()
        operands = Signal.like(self.i_a, reset_less=True)
        weights = Signal.like(self.i_b, reset_less=True)
        m.d.sync += operands.eq(self.i_a)
        with m.If(self.i_take):
            m.d.sync += weights.eq(self.i_b)
        for index, output in enumerate(self.o_products):
            product = Signal(output.shape(), name=f"product_{index}")
            m.d.comb += [
                product.eq(operands[index] * weights[index]),
                output.eq(delay(m, product, self.product_registers, name=product.name,
                                reset_less=True)),
            ]
        return m


class Pairs(wiring.Component):
    """Multiplies as :class:`Multipliers` does, and adds every two products, then registers them.

    For hardware that has an adder behind its multipliers there may be another form of it, see
    :mod:`ppu.lib.lowering`.

    Latency `latency` cycles from operands to sums, throughput one step per cycle.

    Parameters
    ----------
    dot : int
        Products: an even number.
    mixed_signs : bool
        As for :class:`Multipliers`.
    product_registers : int
        Registers after multipliers and additions together, 1 or 2; the last one is that of sums.

    Members
    -------
    i_a, i_b, i_take : In
        As of :class:`Multipliers`.
    o_sums : Out(ArrayLayout)
        Sum of the products of each two operands and weights, a bit wider than they are.
    """

    def __init__(self, *, dot, mixed_signs, product_registers):
        if dot % 2:
            raise ValueError(f"dot must be even, not {dot!r}")
        if not 1 <= product_registers <= 2:
            raise ValueError(f"product_registers must be 1 or 2, not {product_registers!r}")
        self.dot, self.mixed_signs = dot, mixed_signs
        self.product_registers = product_registers
        #: Cycles from operands to sums of products.
        self.latency = 1 + product_registers
        operands = data.ArrayLayout(Multipliers.operand_shape(mixed_signs), dot)
        width = Multipliers.product_shape(mixed_signs).width + 1
        super().__init__({
            "i_a": In(operands), "i_b": In(operands), "i_take": In(1),
            "o_sums": Out(data.ArrayLayout(signed(width), dot // 2)),
        })  # fmt: skip

    def elaborate(self, platform):
        special = lowered(self, platform)
        if special is not None:
            return special
        m = Module()
        m.submodules.multipliers = multipliers = Multipliers(
            dot=self.dot, mixed_signs=self.mixed_signs,
            product_registers=self.product_registers - 1)
        m.d.comb += [
            multipliers.i_a.eq(self.i_a), multipliers.i_b.eq(self.i_b),
            multipliers.i_take.eq(self.i_take),
        ]
        for index, output in enumerate(self.o_sums):
            total = Signal(output.shape(), name=f"sum_{index}", reset_less=True)
            products = multipliers.o_products
            m.d.sync += total.eq(products[2 * index] + products[2 * index + 1])
            m.d.comb += output.eq(total)
        return m
