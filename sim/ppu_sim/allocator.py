"""Room in the device's memory."""

from contextlib import contextmanager

from .arguments import integer
from .backends import Backend

__all__ = ["ALIGNMENT", "Allocator"]

#: Allocations begin at multiples of this many bytes.
ALIGNMENT = 64


class Allocator:
    """Hands out addresses one after the other, and takes them back in the reverse order.

    Parameters
    ----------
    size : int
        Bytes of the memory.
    base : int
        Its first address.
    advice : str
        What to do where it is too small.
    """

    def __init__(self, size, base=0, *, advice=Backend.memory_advice):
        self.size, self.advice = size, advice
        self._top, self._end = base, base + size

    @property
    def free(self):
        """Bytes that are left."""
        return self._end - self._top

    def allocate(self, size, alignment=ALIGNMENT):
        """The address of `size` bytes that nobody else has.

        Raises
        ------
        TypeError, ValueError
            If `size` is not an integer of at least 1, or more than what is left.
        """
        size = integer("size", size)
        if size < 1:
            raise ValueError(f"size must be at least 1, not {size}")
        self.require(size, alignment=alignment)
        address = _align(self._top, alignment)
        self._top = address + size
        return address

    def require(self, *sizes, alignment=ALIGNMENT):
        """ValueError if allocations of these sizes, one after the other, do not fit."""
        top = self._top
        for size in sizes:
            top = _align(top, alignment) + size
        if top > self._end:
            needed = top - self._end + self.size
            raise ValueError(
                f"needs {needed} bytes of memory, the device has {self.size}; {self.advice}"
            )

    @contextmanager
    def scope(self):
        """What is allocated within the `with` block is free again after it."""
        top = self._top
        try:
            yield self
        finally:
            self._top = top


def _align(address, alignment):
    return -(-address // alignment) * alignment
