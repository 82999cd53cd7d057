"""The program of a product."""

import numpy as np

from ..convolution import ConvolutionShape
from ..convolution.shape import Axis
from ..program import matmul_plan
from ..program.matmul import emit
from ..program.matrix import Matrix
from .convolution import ConvolutionParts
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


class WideGemmProgram(ConvolutionParts):
    """A product with weights of more than 8 bits, as a convolution, which takes such: rows of A are
    pixels of a line.
    """

    def __init__(self, config, plan, layer):
        weight = _weight(plan, layer)
        (m, n, _), k = layer.shape, weight.shape[1]
        shape = ConvolutionShape(1, k, n, Axis(1, 1), Axis(m, 1), lines=1, reach=m, pitch=m)
        super().__init__(config, layer, shape, weight[:, None, None])

    def commands(self, context, places):
        """The commands; `places` has the address of each constant."""
        stride = self.layer.shape[1] * self.layer.y.dtype.itemsize
        return self.emit(context, places, (context.place(self.layer.a), 0),
                         (context.place(self.layer.y), stride))  # fmt: skip


def _weight(plan, layer):
    """Weights in the order in which the operand lies."""
    layout = plan.layouts.get(layer.a.name)
    return layer.weight if layout is None else layout.columns(layer.weight)
