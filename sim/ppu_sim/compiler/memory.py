"""Where constants and tensors of a model lie in main memory."""

from dataclasses import dataclass, field

import numpy as np

__all__ = ["ALIGNMENT", "MemoryPlan", "planned"]

#: Everything begins at a multiple of this many bytes.
ALIGNMENT = 64


@dataclass
class MemoryPlan:
    """Offsets from the first byte.

    Parameters
    ----------
    tensors : dict
        Offset of each tensor, by its name.
    layouts : dict
        :class:`Layout` of each tensor that is an image, by its name.
    workspaces : dict
        Offset of what a layer needs for itself, by the name of its result.
    constants : list of array
        Constants, as :meth:`add` took them.
    bytes : int
        Bytes of everything.
    peak : int
        Bytes of the tensors alone.
    """

    tensors: dict = field(default_factory=dict)
    layouts: dict = field(default_factory=dict)
    workspaces: dict = field(default_factory=dict)
    constants: list = field(default_factory=list)
    bytes: int = 0
    peak: int = 0
    _offsets: dict = field(default_factory=dict, repr=False)

    def add(self, array):
        """The offset of a constant; those of the same bytes share their place."""
        array = np.ascontiguousarray(array)
        key = array.tobytes()
        if key not in self._offsets:
            self._offsets[key] = self.bytes
            self.constants.append((self.bytes, array))
            self.bytes += _aligned(array.nbytes)
        return self._offsets[key]


def _aligned(size):
    return size + -size % ALIGNMENT


def planned(lives):
    """A plan in which tensors that are not wanted at the same time share their place.

    Parameters
    ----------
    lives : dict
        Name of a tensor -> (bytes, first step, last step) in which it is wanted.
    """
    plan, taken = MemoryPlan(), []
    # The largest first, each where it fits beside those that live when it does.
    for name, (size, first, last) in sorted(lives.items(), key=lambda item: -item[1][0]):
        size, offset = _aligned(max(1, size)), 0
        for start, end, other_first, other_last in sorted(taken):
            if first <= other_last and other_first <= last and start < offset + size:
                offset = max(offset, end)
        taken.append((offset, offset + size, first, last))
        plan.tensors[name] = offset
        plan.peak = plan.bytes = max(plan.peak, offset + size)
    return plan
