"""Delays of fixed length."""

from amaranth import *

__all__ = ["delay"]


def delay(m, value, cycles, *, name):
    """`value`, `cycles` cycles later; 0 gives `value` itself.

    Registers are called ``{name}_1``, ``{name}_2``, ... and start at zero.
    """
    for stage in range(1, cycles + 1):
        register = Signal(value.shape(), name=f"{name}_{stage}")
        m.d.sync += register.eq(value)
        value = register
    return value
