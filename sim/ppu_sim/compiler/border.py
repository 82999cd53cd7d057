"""Fills what is around an image with one number."""

from ..program import store
from .layers import FORMATS

__all__ = ["fill"]

_MAX_COLUMNS = (1 << 16) - 1


def fill(config, dtype, layout, address, number):
    """The commands: STOREs whose least and largest result is the number, whatever the sums are.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    dtype : numpy.dtype
        INT8 or UINT8.
    layout : Layout
        The image.
    address : int
        Where it begins.
    number : int
    """
    channels, line = layout.channels, layout.line
    before = layout.offset()
    between = (layout.border.left + layout.border.right) * channels
    after = layout.image - before - (layout.height - 1) * line - layout.width * channels
    for image in range(layout.batch):
        start = address + image * layout.image
        inside = start + before + layout.width * channels
        for place, rows, size in ((start, 1, before), (inside, layout.height - 1, between),
                                  (inside + (layout.height - 1) * line, 1, after)):  # fmt: skip
            if rows and size:
                yield from _filled(config, dtype, number, place, rows, size, line)


def _filled(config, dtype, number, address, rows, size, stride):
    for first in range(0, rows, config.accumulator_rows):
        height = min(rows - first, config.accumulator_rows)
        for start in range(0, size, _MAX_COLUMNS):
            yield store(
                rows=height, columns=min(size - start, _MAX_COLUMNS), source=0, panel_stride=0,
                address=address + first * stride + start, stride=stride, scales=0,
                shared_scales=True, result_format=FORMATS[dtype], low=number,
                high=number)  # fmt: skip
