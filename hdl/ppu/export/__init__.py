"""Verilog of a component: one module for each distinct part, with the names of the source.

:mod:`~ppu.export.convert` is the way in. :mod:`~ppu.export.split` finds the distinct parts, each an
RTLIL :mod:`~ppu.export.module` that :mod:`~ppu.export.simplify` clears of repetition.
:mod:`~ppu.export.writer` has Yosys write Verilog, and :mod:`~ppu.export.tidy` rewrites that.
"""
