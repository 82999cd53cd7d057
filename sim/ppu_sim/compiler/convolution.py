"""The program of a convolution."""

import numpy as np

from ..convolution import ConvolutionShape, ResultImage, prepared
from ..program.matrix import Matrix
from .results import load_scales, parts, results_of

__all__ = ["ConvolutionProgram"]


class ConvolutionProgram:
    """A convolution over an image whose border is filled.

    Attributes
    ----------
    constants : dict
        Arrays by name.
    """

    def __init__(self, config, plan, layer):
        self.layer = layer
        self._parts = [(first, columns, self._prepared(config, plan, first, columns))
                       for first, columns in parts(config, layer)]  # fmt: skip
        self.constants = {"bias": layer.bias, "scale": layer.scale} | {
            f"weight {first}": part.weights for first, _, part in self._parts}

    def _prepared(self, config, plan, first, columns):
        layout, window = plan.layouts[self.layer.a.name], self.layer.window
        top, left = self._origin(layout)
        shape = ConvolutionShape(
            layout.batch, layout.channels, columns, window.vertical, window.horizontal,
            lines=layout.lines - top, pitch=layout.pitch, reach=layout.pitch - left)  # fmt: skip
        return prepared(config, shape, self.layer.weight[first : first + columns])

    def _origin(self, layout):
        """Line and pixel in memory where the kernel begins."""
        return layout.border.top - self.layer.window.top, (
            layout.border.left - self.layer.window.left)

    def commands(self, context, places):
        """The commands; `places` has the address of each constant."""
        layer = self.layer
        address, layout = context.image(layer.a)
        to, result = context.image(layer.y)
        window = layer.window
        image = Matrix(address + layout.offset(-window.top, -window.left), layout.image,
                       layer.a.dtype == np.int8)  # fmt: skip
        for first, columns, part in self._parts:
            yield from load_scales(layer, places, first, columns)
            results = results_of(layer, places, first, to + result.offset(), result.channels)
            yield from part.emit(image, places[f"weight {first}"],
                                 ResultImage(results, result.line, result.image),
                                 context.placement)  # fmt: skip
