"""The program of a convolution."""

import numpy as np

from ..convolution import ConvolutionShape, ResultImage, prepared
from ..program.matrix import Matrix
from .results import Part, parts

__all__ = ["ConvolutionProgram"]


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
            shaped = self._prepared(config, plan, first, columns)
            part = Part(config, layer, first, columns, shaped.taps.fold)
            self._parts.append((part, shaped))
            self.constants |= {f"weight {first}": shaped.weights, **part.constants}

    def _prepared(self, config, plan, first, columns):
        layout, window = plan.layouts[self.layer.a.name], self.layer.window
        shape = ConvolutionShape(
            layout.batch, layout.channels, columns, window.vertical, window.horizontal,
            lines=layout.lines - layout.border.top + window.top,
            reach=layout.pitch - layout.border.left + window.left, pitch=layout.pitch,
            may_fold=columns == len(self.layer.weight))  # fmt: skip
        return prepared(config, shape, self.layer.weight[first : first + columns])

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
