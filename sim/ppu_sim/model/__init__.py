"""The golden model: the core in numpy, one command at a time."""

from ppu.lib.axi import Response

from .bus import Fault
from .machine import Machine

__all__ = ["Fault", "Machine", "Response"]
