"""The program of a convolution."""

import numpy as np

from ..convolution import ConvolutionShape, ResultImage, prepared
from ..convolution.plan import best_plan
from ..program.matrix import Matrix
from .layers import Unplaced
from .layout import Layout
from .results import Part, parts

__all__ = ["ConvolutionProgram", "check_fits"]


def check_fits(config, layer):
    """Raises Unplaced if a core's memories are too small for a kernel. Then they are for images
    with any border.
    """
    layout = Layout(layer.a.shape, layer.border)
    try:
        for first, columns in parts(config, layer):
            best_plan(config, _shape(layer, layout, columns),
                      layer.weight[first : first + columns])  # fmt: skip
    except ValueError:
        raise Unplaced(f"a kernel of {layer.window} over {layout.channels} channels does not fit "
                       "the core's scratchpad") from None  # fmt: skip


def _shape(layer, layout, columns):
    window = layer.window
    return ConvolutionShape(
        layout.batch, layout.channels, columns, window.vertical, window.horizontal,
        lines=layout.lines - layout.border.top + window.top,
        reach=layout.pitch - layout.border.left + window.left, pitch=layout.pitch,
        may_fold=columns == len(layer.weight))  # fmt: skip


class ConvolutionProgram:
    """A convolution over an image whose border is filled.

    Attributes
    ----------
    constants : dict
        Arrays by name.
    """

    def __init__(self, config, plan, layer):
        self.layer, self._parts, self.constants = layer, [], {}
        for first, columns in parts(config, layer):
            shape = _shape(layer, plan.layouts[layer.a.name], columns)
            shaped = prepared(config, shape, layer.weight[first : first + columns])
            part = Part(config, layer, first, columns, shaped.taps.fold)
            self._parts.append((part, shaped))
            self.constants |= {f"weight {first}": shaped.weights, **part.constants}

    def commands(self, context, places):
        """The commands; `places` has the address of each constant."""
        layer, window = self.layer, self.layer.window
        address, layout = context.image(layer.a)
        to, result = context.image(layer.y)
        image = Matrix(address + layout.offset(-window.top, -window.left), layout.image,
                       layer.a.dtype == np.int8)  # fmt: skip
        for part, shaped in self._parts:
            def emit(results, part=part, shaped=shaped):
                return shaped.emit(image, places[f"weight {part.first}"],
                                   ResultImage(results, result.line, result.image),
                                   context.placement)  # fmt: skip

            yield from part.commands(places, context, to + result.offset(), result.channels, emit)
