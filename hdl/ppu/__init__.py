"""Open RTL of a PPU tensor core: configuration, command set, hardware and Verilog export.

The subpackages follow the way of the data: :mod:`~ppu.host` (1), :mod:`~ppu.command` (2),
:mod:`~ppu.load` (3a), :mod:`~ppu.execute` (3b), :mod:`~ppu.store` (3c); :mod:`~ppu.dma`,
:mod:`~ppu.memory` and :mod:`~ppu.lib` are shared by them. :mod:`ppu.core` connects them.
"""

__version__ = "0.1.0"
