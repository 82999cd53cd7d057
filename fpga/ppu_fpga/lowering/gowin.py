"""Gowin GW1N: MULT9X9 with its product registers."""

from amaranth import *

from ppu.lib.delay import delay

from .family import Family
from .inferred_bank import bank_form

__all__ = ["Gowin"]

_WIDTH = 9


class Gowin(Family):
    """GW1N family.

    Each product takes one MULT9X9, and the first product register is its output register. Operands
    and weights have flip-flops: all registers of a MULT9X9 share one clock enable, and weights stay
    where operands go on. The operand's flip-flop is that of the element, which passes it on.

    Banks are inferred, see :mod:`.inferred_bank`.
    """

    name = "gowin"

    def multipliers(self, component):
        """One MULT9X9 for each product."""
        m = Module()
        behind = max(0, component.product_registers - 1)
        operands = Signal.like(component.i_a, reset_less=True)
        weights = Signal.like(component.i_b, reset_less=True)
        m.d.sync += operands.eq(component.i_a)
        with m.If(component.i_take):
            m.d.sync += weights.eq(component.i_b)
        for index, output in enumerate(component.o_products):
            product = Signal(2 * _WIDTH, name=f"product_{index}")
            m.submodules[f"multiplier_{index}"] = _multiplier(
                operands[index], weights[index], product,
                is_registered=component.product_registers > 0)
            m.d.comb += output.eq(
                delay(m, product[:len(output)], behind, name=product.name, reset_less=True))
        return m

    def bank(self, component):
        """Block RAM, inferred; None for one that clears."""
        return None if component.clears else bank_form(component)


def _multiplier(a, b, product, *, is_registered):
    """A MULT9X9 for signed `a` and `b`."""
    a_pins, b_pins = Signal(signed(_WIDTH)), Signal(signed(_WIDTH))
    m = Module()
    m.d.comb += [a_pins.eq(a), b_pins.eq(b)]
    m.submodules.mult = Instance(
        "MULT9X9",
        p_AREG=Const(0), p_BREG=Const(0), p_PIPE_REG=Const(0), p_OUT_REG=Const(int(is_registered)),
        p_ASIGN_REG=Const(0), p_BSIGN_REG=Const(0), p_SOA_REG=Const(0), p_MULT_RESET_MODE="SYNC",
        i_CLK=ClockSignal(), i_CE=1, i_RESET=0,
        i_A=a_pins, i_B=b_pins, i_ASIGN=1, i_BSIGN=1,
        i_SIA=Const(0, _WIDTH), i_SIB=Const(0, _WIDTH), i_ASEL=0, i_BSEL=0,
        o_DOUT=product,
    )  # fmt: skip
    return m
