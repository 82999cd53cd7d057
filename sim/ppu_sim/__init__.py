"""Simulation: golden model, programs, back ends and test benches of the PPU tensor core."""

from .backends import Hang, Settings
from .compiler import compile
from .device import Device
from .opening import open
from .operands import product_of
from .run import CoreError, Run

__all__ = ["CoreError", "Device", "Hang", "Run", "Settings", "compile", "open", "product_of"]
