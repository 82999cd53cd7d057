"""Multipliers and memory banks made of what an FPGA family has.

Synthesis infers neither the registers inside multipliers nor the output register of block RAM.
A :class:`Family` gives the core's parts that have such forms, by ``lower(component)``; see
:mod:`ppu.lib.lowering`. A platform gets that method from :class:`Lowering`.
"""

from .families import FAMILIES, family
from .family import Family, Lowering

__all__ = ["FAMILIES", "Family", "Lowering", "family"]
