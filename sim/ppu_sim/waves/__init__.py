"""Waveforms: FST files, and the list of signals that a viewer opens them with.

Each back end writes the file in its own way; :class:`Dump` is what they have in common.
:mod:`~ppu_sim.waves.signals` is the list, :mod:`~ppu_sim.waves.save` writes it for GTKWave, and
:mod:`~ppu_sim.waves.convert` makes FST of Amaranth's VCD.
"""

from .dump import Dump
from .option import add_option

__all__ = ["Dump", "add_option"]
