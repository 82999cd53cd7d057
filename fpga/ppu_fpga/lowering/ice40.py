"""Lattice iCE40 UltraPlus: SB_MAC16 as two multipliers of 8 x 8 bits."""

from amaranth import *

from ppu.lib.delay import delay

from .family import Family
from .ice40_bank import bank_form, fits

__all__ = ["Ice40"]

#: Of a half's output: the adder's register, the product.
_REGISTER, _PRODUCT = 1, 2


class Ice40(Family):
    """iCE40UP family.

    Every two products share an SB_MAC16. Signed operands take its registers: A, B, that of the
    product, and as the second product register that of the adder behind it, which adds nothing.

    An SB_MAC16 takes both operands as signed or both as unsigned, for good; so operands of mixed
    signs multiply their lower 8 bits in it, unsigned, and logic puts the signs in, see
    :func:`_signs`: about 40 cells a product, where a multiplier in logic takes some 300.

    A bank takes SB_RAM40_4K blocks, which have no output register: the address has one instead.
    """

    name = "ice40"

    def multipliers(self, component):
        """One SB_MAC16 for every two products."""
        m = Module()
        form = _mixed if component.mixed_signs else _signed
        for start in range(0, component.dot, 2):
            form(m, component, range(start, min(start + 2, component.dot)))
        return m

    def pairs(self, component):
        """One SB_MAC16 for every two products, with the addition in it, if they are signed.

        The upper product goes around to the adder behind the lower one, which has 16 bits. Only
        ``2 * -128 * -128`` needs one more: it is the only sum that looks like -32768.
        """
        if component.mixed_signs:
            return None
        m = Module()
        for index, output in enumerate(component.o_sums):
            lanes = range(2 * index, 2 * index + 2)
            total, upper = Signal(16, name=f"sum_{index}"), Signal(16, name=f"upper_{index}")
            m.submodules[f"block_{index}"] = _block(
                a=Cat(component.i_a[lane].as_unsigned() for lane in lanes),
                b=Cat(component.i_b[lane] for lane in lanes), hold_b=~component.i_take,
                products=Cat(total, upper), is_signed=True, input_registers=True,
                product_registers=component.product_registers - 1, added=upper)
            m.d.comb += output.eq(Cat(total, total[15] & total[:15].any()))
        return m

    def bank(self, component):
        """SB_RAM40_4K blocks; None if it is deeper than one of them, which needs multiplexers."""
        return bank_form(component) if fits(component) else None


def _signed(m, component, indices):
    """One or two products of signed operands: all in the block."""
    m.submodules[f"block_{indices[0]}"] = _block(
        a=Cat(component.i_a[index].as_unsigned() for index in indices),
        b=Cat(component.i_b[index] for index in indices), hold_b=~component.i_take,
        products=Cat(component.o_products[index] for index in indices),
        is_signed=True, input_registers=True, product_registers=component.product_registers)


def _mixed(m, component, indices):
    """One or two products of 9-bit operands: the block multiplies their lower 8 bits."""
    registers = component.product_registers
    operands, weights, products = [], [], []
    for index in indices:
        a = Signal.like(component.i_a[index], name=f"operand_{index}", reset_less=True)
        b = Signal.like(component.i_b[index], name=f"weight_{index}", reset_less=True)
        m.d.sync += a.eq(component.i_a[index])
        with m.If(component.i_take):
            m.d.sync += b.eq(component.i_b[index])
        product = Signal(16, name=f"unsigned_{index}")
        signs = delay(m, _signs(m, a, b, index), min(1, registers), name=f"signs_{index}",
                      reset_less=True)
        result = Signal(17, name=f"product_{index}")
        m.d.comb += [
            result.eq(Cat(product[:8], (product[8:] - signs)[:9])),
            component.o_products[index].eq(
                delay(m, result, max(0, registers - 1), name=result.name, reset_less=True)),
        ]
        operands.append(a[:8])
        weights.append(b[:8])
        products.append(product)
    m.submodules[f"block_{indices[0]}"] = _block(
        a=Cat(operands), b=Cat(weights), hold_b=Const(0), products=Cat(products),
        is_signed=False, input_registers=False, product_registers=min(1, registers))


def _signs(m, a, b, index):
    """What the upper 9 bits of the unsigned product of the lower 8 bits of `a` and `b` lack.

    The upper bits of ``(a' - 256 s) (b' - 256 t) = a' b' - 256 (s b' + t a' - 256 s t)``. Bit 8 of
    the 9 takes ``256 s t`` in.
    """
    signs = Signal(9, name=f"sign_terms_{index}")
    m.d.comb += signs.eq((a[:8] & b[8].replicate(8)) + (b[:8] & a[8].replicate(8))
                         - ((a[8] & b[8]) << 8))  # fmt: skip
    return signs


def _block(*, a, b, hold_b, products, is_signed, input_registers, product_registers,
           added=None):  # fmt: skip
    """An SB_MAC16 as one or two multipliers; the second one, if any, is the upper half.

    `added` is added to the lower product, with a register behind it.
    """
    halves = len(a) // 8
    select = _REGISTER if product_registers == 2 else _PRODUCT
    lower_select = select if added is None else _REGISTER
    a_pins, b_pins, output = Signal(16), Signal(16), Signal(32)
    block = Instance(
        "SB_MAC16",
        p_MODE_8x8=1, p_A_SIGNED=int(is_signed), p_B_SIGNED=int(is_signed),
        p_A_REG=int(input_registers), p_B_REG=int(input_registers), p_C_REG=0, p_D_REG=0,
        p_TOP_8x8_MULT_REG=int(product_registers > 0),
        p_BOT_8x8_MULT_REG=int(product_registers > 0),
        # Not used with 8 bits, but set in the vendor's table of modes with product registers.
        p_PIPELINE_16x16_MULT_REG1=int(product_registers > 0), p_PIPELINE_16x16_MULT_REG2=0,
        p_TOPOUTPUT_SELECT=Const(select, 2), p_BOTOUTPUT_SELECT=Const(lower_select, 2),
        # The adders add C and D, which are zero but for `added`, to the products.
        p_TOPADDSUB_LOWERINPUT=Const(1, 2), p_BOTADDSUB_LOWERINPUT=Const(1, 2),
        p_TOPADDSUB_UPPERINPUT=1, p_BOTADDSUB_UPPERINPUT=1,
        p_TOPADDSUB_CARRYSELECT=Const(0, 2), p_BOTADDSUB_CARRYSELECT=Const(0, 2),
        i_CLK=ClockSignal(), i_CE=1, i_A=a_pins, i_B=b_pins, i_C=Const(0, 16),
        i_D=Const(0, 16) if added is None else added,
        i_AHOLD=0, i_BHOLD=hold_b, i_CHOLD=0, i_DHOLD=0,
        i_IRSTTOP=0, i_IRSTBOT=0, i_ORSTTOP=0, i_ORSTBOT=0,
        i_OLOADTOP=0, i_OLOADBOT=0, i_ADDSUBTOP=0, i_ADDSUBBOT=0, i_OHOLDTOP=0, i_OHOLDBOT=0,
        i_CI=0, i_ACCUMCI=0, i_SIGNEXTIN=0, o_O=output,
    )  # fmt: skip
    m = Module()
    m.submodules.mac = block
    m.d.comb += [a_pins.eq(a), b_pins.eq(b), products.eq(output[:16 * halves])]
    return m
