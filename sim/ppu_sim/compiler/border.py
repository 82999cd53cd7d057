"""Fills what is around an image with one number."""

import numpy as np

from ppu.isa import Target

from ..program import load, store
from .layers import FORMATS

__all__ = ["Fill"]

#: Bytes of a matrix row at most: the count has 16 bits, and sums have 4 bytes.
_MAX_BYTES = (1 << 16) - 4
_SUM_BYTES = 4


class Fill:
    """The border of an image.

    Where pixels are whole sums, STORE writes a row of sums again and again, as fast as the bus
    takes it. Others are results of the epilogue whose least and largest number is the same.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    dtype : numpy.dtype
        INT8 or UINT8.
    layout : Layout
        The image.
    number : int

    Attributes
    ----------
    constants : dict
        Arrays by name.
    """

    def __init__(self, config, dtype, layout, number):
        self.config, self.dtype, self.layout, self.number = config, dtype, layout, number
        self._as_sums = layout.channels % _SUM_BYTES == 0
        self.constants = {}
        if self._as_sums:
            self.constants["fill"] = np.full(_SUM_BYTES * config.columns, number, dtype)

    def commands(self, address, places):
        """The commands; the image is at `address`, `places` has the address of each constant."""
        layout = self.layout
        channels, line = layout.channels, layout.line
        before, height = layout.offset(), layout.height
        after = layout.image - before - (height - 1) * line - layout.width * channels
        between = (layout.border.left + layout.border.right) * channels
        if self._as_sums:
            yield load(rows=min(max(1, height - 1), self.config.accumulator_rows), stride=0,
                       bytes=_SUM_BYTES * self.config.columns, address=places["fill"],
                       destination=0, target=Target.ACCUMULATOR)  # fmt: skip
        for image in range(layout.batch):
            start = address + image * layout.image
            inside = start + before + layout.width * channels
            for place, rows, size in ((start, 1, before), (inside, height - 1, between),
                                      (inside + (height - 1) * line, 1, after)):  # fmt: skip
                yield from self._filled(place, rows, size)

    def _filled(self, address, rows, size):
        stride = self.layout.line
        for first in range(0, rows, self.config.accumulator_rows):
            for start in range(0, size, _MAX_BYTES):
                yield self._store(
                    rows=min(rows - first, self.config.accumulator_rows),
                    size=min(size - start, _MAX_BYTES), stride=stride,
                    address=address + first * stride + start)  # fmt: skip

    def _store(self, *, size, **fields):
        if self._as_sums:
            return store(columns=size // _SUM_BYTES, source=0, panel_stride=0, **fields)
        return store(columns=size, source=0, panel_stride=0, scales=0, shared_scales=True,
                     result_format=FORMATS[self.dtype], low=self.number, high=self.number,
                     **fields)  # fmt: skip
