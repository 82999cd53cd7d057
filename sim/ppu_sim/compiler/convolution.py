"""The program of a convolution."""

from dataclasses import replace

import numpy as np

from ..convolution import ConvolutionShape, PreparedConvolution, ResultImage
from ..convolution.plan import best_plan
from ..program.matrix import Matrix
from .layers import Unplaced
from .layout import Layout
from .results import Part, parts

__all__ = ["ConvolutionParts", "ConvolutionProgram", "check_fits"]


def check_fits(config, layer):
    """Raises Unplaced if a core's memories are too small for a kernel. Then they are for images
    with any border.
    """
    shape = _shape(layer, Layout(layer.a.shape, layer.border))
    try:
        for first, columns in parts(config, layer):
            best_plan(config, _of_part(shape, columns), layer.weight[first : first + columns])
    except ValueError:
        raise Unplaced(f"a kernel of {layer.window} over {shape.channels} channels does not fit "
                       "the core's scratchpad") from None  # fmt: skip


def _shape(layer, layout):
    window = layer.window
    return ConvolutionShape(
        layout.batch, layout.channels, len(layer.weight), window.vertical, window.horizontal,
        lines=layout.lines - layout.border.top + window.top,
        reach=layout.pitch - layout.border.left + window.left, pitch=layout.pitch)  # fmt: skip


def _of_part(shape, filters):
    """The same for some of the filters: results of the others are between theirs."""
    return replace(shape, filters=filters, may_fold=filters == shape.filters)


class ConvolutionParts:
    """A convolution for as many filters at a time as there is room for scales.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    layer : Convolution or Gemm
        What it is for.
    shape : ConvolutionShape
        Its geometry.
    weight : (filters, KH, KW, channels) array

    Attributes
    ----------
    constants : dict
        Arrays by name.
    """

    def __init__(self, config, layer, shape, weight):
        self.layer, self._parts, self.constants = layer, [], {}
        for first, columns in parts(config, layer):
            shaped = PreparedConvolution(config, _of_part(shape, columns),
                                         weight[first : first + columns])  # fmt: skip
            part = Part(config, layer, first, columns, shaped.taps.fold)
            self._parts.append((part, shaped))
            self.constants |= {f"weight {first}": shaped.weights, **part.constants}

    def emit(self, context, places, source, result, line=0, image=0):
        """The commands.

        Parameters
        ----------
        context : Context
        places : dict
            Address of each constant.
        source : (address, bytes)
            Where the kernel begins, and from an image to the next.
        result : (address, bytes)
            Where results begin, and from a pixel to the next.
        line, image : int
            Bytes from a line and from an image of results to the next.
        """
        a = Matrix(*source, self.layer.a.dtype == np.int8)
        for part, shaped in self._parts:
            def emit(results, part=part, shaped=shaped):
                return shaped.emit(a, places[f"weight {part.first}"],
                                   ResultImage(results, line, image),
                                   context.placement)  # fmt: skip

            yield from part.commands(places, context, *result, emit)


class ConvolutionProgram(ConvolutionParts):
    """A convolution over an image whose border is filled."""

    def __init__(self, config, plan, layer):
        super().__init__(config, layer, _shape(layer, plan.layouts[layer.a.name]), layer.weight)

    def commands(self, context, places):
        """The commands; `places` has the address of each constant."""
        address, layout = context.image(self.layer.a)
        to, result = context.image(self.layer.y)
        begin = address + layout.offset(-self.layer.window.top, -self.layer.window.left)
        return self.emit(context, places, (begin, layout.image),
                         (to + result.offset(), result.channels), result.line,
                         result.image)  # fmt: skip
