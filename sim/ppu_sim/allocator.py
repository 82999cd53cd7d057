"""Room in the device's memory."""

from contextlib import contextmanager

__all__ = ["ALIGNMENT", "Allocator"]

#: Allocations begin at multiples of this many bytes.
ALIGNMENT = 64


class Allocator:
    """Hands out addresses one after the other, and takes them back in the reverse order.

    Parameters
    ----------
    size : int
        Bytes of the memory.
    """

    def __init__(self, size):
        self.size = size
        self._top = 0

    @property
    def free(self):
        """Bytes that are left."""
        return self.size - self._top

    def allocate(self, size, alignment=ALIGNMENT):
        """The address of `size` bytes that nobody else has.

        Raises
        ------
        ValueError
            If `size` is not from 1 to what is left.
        """
        address = -(-self._top // alignment) * alignment
        if not 1 <= size <= self.size - address:
            raise ValueError(
                f"an allocation must be from 1 to {max(0, self.size - address)} bytes, "
                f"what is left of {self.size}, not {size}"
            )
        self._top = address + size
        return address

    @contextmanager
    def scope(self):
        """What is allocated within the `with` block is free again after it."""
        top = self._top
        try:
            yield self
        finally:
            self._top = top
