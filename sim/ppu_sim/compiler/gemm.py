"""The program of a product."""

import numpy as np

from ..program import matmul_plan
from ..program.matmul import emit
from ..program.matrix import Matrix
from .results import Part, parts

__all__ = ["GemmProgram"]


class GemmProgram:
    """A product whose operand may be a flattened image, of which a row is all of an image.

    Attributes
    ----------
    constants : dict
        Arrays by name.
    """

    def __init__(self, config, plan, layer):
        self.config, self.layer = config, layer
        layout = plan.layouts.get(layer.a.name)
        # In the order in which the operand lies.
        self._weight = layer.weight if layout is None else layout.columns(layer.weight)
        self._parts = [(columns, Part(layer, first, columns))
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
            yield from part.load_scales(places)
            b = Matrix(places["weight"] + k * part.first, k, layer.weight.dtype == np.int8)
            results = part.results(places, context.place(layer.y), stride)
            cut = matmul_plan(self.config, layer.shape[0], columns, k, k, k, stride,
                              context.memory)  # fmt: skip
            yield from emit(self.config, cut, a, b, results, context.placement)
