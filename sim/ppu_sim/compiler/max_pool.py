"""The largest number under a window, as ``a + max(0, b - a)`` of two at a time."""

import numpy as np

from .area import Area
from .elementwise import Passes
from .layers import Elementwise, Tensor

__all__ = ["MaxPoolProgram", "workspace"]

_DIFFERENCE, _TOTAL, _COPY = range(3)


def _parts(layer):
    """Differences of numbers as far as they are positive, numbers plus differences, and copies."""
    values = np.arange(256, dtype=np.uint8)
    positive = Tensor("", (), np.dtype(np.uint8))
    common = {"name": layer.name, "a": layer.a}
    return (
        Elementwise(**common, b=layer.a, y=positive,
                    residual=-values.view(layer.a.dtype).astype(np.float32)),
        Elementwise(**common, b=positive, y=layer.y, residual=values.astype(np.float32)),
        Elementwise(**common, y=layer.y),
    )  # fmt: skip


def _sizes(layer):
    """Lines of all results, and the pixels of a line: as many as there are strides in it."""
    window = layer.window
    lines = layer.a.shape[0] * window.vertical.outputs
    return lines, -(-window.horizontal.extent // window.horizontal.stride)


def _plane(layer):
    """Bytes of an image after its lines are compared, with what a window reaches beyond it."""
    lines, pixels = _sizes(layer)
    axis = layer.window.horizontal
    return (lines * pixels * axis.stride + axis.span) * layer.a.shape[1]


def workspace(layer):
    """Bytes that it needs for itself: two planes for each direction."""
    return 4 * _plane(layer)


class MaxPoolProgram:
    """The largest number under a window that moves over an image whose border is filled.

    Attributes
    ----------
    constants : dict
        Arrays by name.
    """

    def __init__(self, config, plan, layer):
        self.layer = layer
        self._parts = [Passes(config, part) for part in _parts(layer)]
        self.constants = {f"{index} {name}": array for index, part in enumerate(self._parts)
                          for name, array in part.constants.items()}  # fmt: skip

    def commands(self, context, places):
        """The commands; `places` has the address of each constant."""
        layer = self.layer
        work = context.base + context.plan.workspaces[layer.y.name]
        for index, areas in _passes(layer, context.image(layer.a), context.image(layer.y), work):
            part = self._parts[index]
            yield from part.prelude({name: places[f"{index} {name}"] for name in part.constants})
            yield from part.commands(areas)


def _passes(layer, source, result, work):
    """(part, areas) one after the other: along lines of the image first, then along pixels."""
    planes = [work + index * _plane(layer) for index in range(4)]
    yield from _chain(layer.window.vertical, *_vertical(layer, source, planes))
    yield from _chain(layer.window.horizontal, *_horizontal(layer, result, planes))


def _chain(axis, tap, area, best, difference, last):
    """Compares all taps. `area` makes areas of places of operands and result."""
    if axis.kernel == 1:
        yield _COPY, area([tap(0)], last)
    for index in range(1, axis.kernel):
        so_far = tap(0) if index == 1 else best
        yield _DIFFERENCE, area([tap(index), so_far], difference)
        yield _TOTAL, area([so_far, difference], last if index == axis.kernel - 1 else best)


def _vertical(layer, source, planes):
    """Taps are lines of the image; the results lie one behind the other."""
    address, layout = source
    axis, horizontal = layer.window.vertical, layer.window.horizontal
    size = horizontal.extent * layout.channels
    line = _sizes(layer)[1] * horizontal.stride * layout.channels
    first = address + layout.offset(-layer.window.top, -layer.window.left)

    def tap(index):
        return (first + index * axis.dilation * layout.line, layout.image,
                axis.stride * layout.line)  # fmt: skip

    def area(operands, to):
        return [Area(axis.outputs, size,
                     tuple((place + image * step, stride) for place, step, stride in operands),
                     (to[0] + image * to[1], to[2])) for image in range(layout.batch)]  # fmt: skip

    best, difference = ((plane, axis.outputs * line, line) for plane in planes[:2])
    return tap, area, best, difference, best


def _horizontal(layer, result, planes):
    """Taps are pixels; results are kept as far as they are some, line by line in the end."""
    address, layout = result
    axis = layer.window.horizontal
    channels = layer.a.shape[1]
    lines, pixels = _sizes(layer)

    def tap(index):
        return planes[0] + index * axis.dilation * channels, axis.stride * channels

    def area(operands, to):
        if to is not None:
            return [Area(lines * pixels, channels, tuple(operands), to)]
        height = layout.height
        return [Area(height * pixels, channels,
                     tuple((place + image * height * pixels * stride, stride)
                           for place, stride in operands),
                     (address + image * layout.image + layout.offset(), layout.line),
                     line=(pixels, axis.outputs)) for image in range(layout.batch)]  # fmt: skip

    best, difference = ((plane, channels) for plane in planes[2:])
    return tap, area, best, difference, None
