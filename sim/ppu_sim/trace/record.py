"""The raw record of a run: bits, and the cycles in which they changed."""

from functools import reduce

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib import data

__all__ = ["Record"]


class Record:
    """What a back end recorded.

    Parameters
    ----------
    layout : Layout
        Of the recorded bits.
    entries : numpy.ndarray of uint32, shape (entries, 2 + words)
        In each row a cycle, its lower word first, and the bits from that cycle on.
    end : int
        The cycle after the last one recorded.

    Attributes
    ----------
    cycles : numpy.ndarray of int64, shape (entries,)
        The cycle from which on each entry holds.
    lengths : numpy.ndarray of int64, shape (entries,)
        For how many cycles it does.
    """

    def __init__(self, layout, entries, *, end):
        self._layout = layout
        self._words = entries[:, 2:].astype(np.uint64)
        low, high = entries[:, 0].astype(np.int64), entries[:, 1].astype(np.int64)
        self.cycles = low | high << 32
        self.lengths = np.diff(self.cycles, append=end)

    def field(self, path):
        """Values of a field of up to 64 bits, such as ``"ar.addr"``: an int64 for each entry."""
        offset, shape = 0, self._layout
        for name in path.split("."):
            found = data.Layout.cast(shape)[name]
            offset, shape = offset + found.offset, found.shape
        width = Shape.cast(shape).width
        first, shift = divmod(offset, 32)
        parts = []
        for index in range(first, -(-(offset + width) // 32)):
            place = 32 * (index - first) - shift
            word = self._words[:, index]
            parts.append(word << np.uint64(place) if place >= 0 else word >> np.uint64(-place))
        value = reduce(np.bitwise_or, parts) & np.uint64((1 << width) - 1)
        return value.astype(np.int64)

    def when(self, condition):
        """Every cycle in which a condition holds.

        Parameters
        ----------
        condition : numpy.ndarray, shape (entries,)
            True, or 1, in the entries in which it holds.

        Returns
        -------
        cycles, entries : numpy.ndarray of int64, both of shape (cycles,)
            The cycles, ascending, and the entry that holds in each of them.
        """
        entries = np.flatnonzero(condition)
        lengths = self.lengths[entries]
        since = np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)
        entries = np.repeat(entries, lengths)
        return self.cycles[entries] + since, entries
