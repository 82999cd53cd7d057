"""The cycles of a program without simulating it: a timeline of commands, bursts and tiles."""

from .estimate import CommandTimes, Estimate, estimate
from .memory import MemoryTiming

__all__ = ["CommandTimes", "Estimate", "MemoryTiming", "estimate"]
