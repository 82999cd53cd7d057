"""The program of a product."""

import numpy as np

from ..convolution import ConvolutionShape, ResultImage, prepared
from ..convolution.shape import Axis
from ..program import matmul_plan
from ..program.matmul import emit
from ..program.matrix import Matrix
from .results import Part, parts

__all__ = ["GemmProgram", "WideGemmProgram"]


class GemmProgram:
    """A product whose operand may be a flattened image, of which a row is all of an image.

    Attributes
    ----------
    constants : dict
        Arrays by name.
    """

    def __init__(self, config, plan, layer):
        self.config, self.layer = config, layer
        self._weight = _weight(plan, layer)
        self._parts = [(columns, Part(config, layer, first, columns))
                       for first, columns in parts(config, layer)]  # fmt: skip
        self.constants = {"weight": self._weight}
        for _, part in self._parts:
            self.constants |= part.constants

    def commands(self, context, places):
        """The commands; `places` has the address of each constant."""
        layer, (n, k) = self.layer, self._weight.shape
        stride = n * layer.y.dtype.itemsize
        a = Matrix(context.place(layer.a), k, layer.a.dtype == np.int8)
        for columns, part in self._parts:
            b = Matrix(places["weight"] + k * part.first, k, layer.weight.dtype == np.int8)

            def product(results, columns=columns, b=b):
                cut = matmul_plan(self.config, layer.shape[0], columns, k, k, k, stride,
                                  context.memory, results.result_format)  # fmt: skip
                return emit(self.config, cut, a, b, results, context.placement)

            yield from part.commands(places, context, context.place(layer.y), stride, product)


class WideGemmProgram:
    """A product with weights of more than 8 bits, as a convolution, which takes such: rows of A are
    pixels of a line.

    Attributes
    ----------
    constants : dict
        Arrays by name.
    """

    def __init__(self, config, plan, layer):
        self.layer, self._parts, self.constants = layer, [], {}
        weight = _weight(plan, layer)
        (m, n, _), k = layer.shape, weight.shape[1]
        for first, columns in parts(config, layer):
            shape = ConvolutionShape(1, k, columns, Axis(1, 1), Axis(m, 1), lines=1, reach=m,
                                     pitch=m, may_fold=columns == n)  # fmt: skip
            own = prepared(config, shape, weight[first : first + columns, None, None])
            part = Part(config, layer, first, columns, own.taps.fold)
            self._parts.append((part, own))
            self.constants |= {f"weight {first}": own.weights, **part.constants}

    def commands(self, context, places):
        """The commands; `places` has the address of each constant."""
        layer = self.layer
        a = Matrix(context.place(layer.a), 0, layer.a.dtype == np.int8)
        for part, own in self._parts:
            def product(results, part=part, own=own):
                return own.emit(a, places[f"weight {part.first}"], ResultImage(results, 0, 0),
                                context.placement)  # fmt: skip

            yield from part.commands(places, context, context.place(layer.y),
                                     layer.shape[1] * layer.y.dtype.itemsize, product)  # fmt: skip


def _weight(plan, layer):
    """Weights in the order in which the operand lies."""
    layout = plan.layouts.get(layer.a.name)
    return layer.weight if layout is None else layout.columns(layer.weight)
