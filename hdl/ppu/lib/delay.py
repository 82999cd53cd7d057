"""Delays of fixed length."""

from amaranth import *

__all__ = ["delay"]


def delay(m, value, cycles, *, name, reset_less=False):
    """`value`, `cycles` cycles later; 0 gives `value` itself.

    Registers are called ``{name}_1``, ``{name}_2``, ... and start at zero. With `reset_less`, they
    are zero only then: a reset leaves them alone, which suits data and saves the wires.
    """
    for stage in range(1, cycles + 1):
        register = Signal(value.shape(), name=f"{name}_{stage}", reset_less=reset_less)
        m.d.sync += register.eq(value)
        value = register
    return value
