"""The memory that cycles are estimated for."""

from dataclasses import dataclass

from ..arguments import check_range

__all__ = ["MemoryTiming"]


@dataclass(frozen=True)
class MemoryTiming:
    """A memory that transfers one beat a cycle on each of R and W, in order.

    Parameters
    ----------
    latency : int
        Cycles from an address to its first data, and from the last data to the response, 1 to 1023.
    outstanding : int
        Bursts that it takes in each direction before the oldest is answered, 1 to 64.
    """

    latency: int = 100
    outstanding: int = 16

    def __post_init__(self):
        for name, high in (("latency", 1023), ("outstanding", 64)):
            object.__setattr__(self, name, check_range(name, getattr(self, name), 1, high))
