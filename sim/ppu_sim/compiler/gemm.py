"""The program of a product."""

import numpy as np

from ..program import matmul_plan
from ..program.matmul import emit
from ..program.matrix import Matrix
from .results import load_scales, parts, results_of

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
        self.constants = {"weight": self._weight, "bias": layer.bias, "scale": layer.scale}

    def commands(self, context, places):
        """The commands; `places` has the address of each constant."""
        layer, (n, k) = self.layer, self._weight.shape
        stride = n * layer.y.dtype.itemsize
        a = Matrix(context.place(layer.a), k, layer.a.dtype == np.int8)
        for first, columns in parts(self.config, layer):
            yield from load_scales(layer, places, first, columns)
            b = Matrix(places["weight"] + k * first, k, layer.weight.dtype == np.int8)
            results = results_of(layer, places, first, context.place(layer.y), stride)
            cut = matmul_plan(self.config, layer.shape[0], columns, k, k, k, stride,
                              context.memory)  # fmt: skip
            yield from emit(self.config, cut, a, b, results, context.placement)
