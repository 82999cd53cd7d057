"""Simulation: golden model, programs, back ends and test benches of the PPU tensor core."""

from .backends import Hang, Settings
from .device import CoreError, Device, Run, open
from .operands import product_of

__all__ = ["CoreError", "Device", "Hang", "Run", "Settings", "open", "product_of"]
