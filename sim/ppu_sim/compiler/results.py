"""What STORE makes of a layer's sums, for as many columns at a time as there is room for scales."""

import numpy as np

from ppu.isa import StoreFormat, Target

from ..program import load
from ..program.matrix import Bias, Results
from .layers import FORMATS

__all__ = ["Part", "parts"]

#: A bias of at most so many columns is kept in so many copies, see :class:`Bias`.
_SHORT, _COPIES = 256, 64


def parts(config, layer):
    """(first column, columns) of each part of a layer."""
    n = layer.weight.shape[0]
    step = config.scale_rows * config.columns if layer.scale is not None else n
    return [(first, min(step, n - first)) for first in range(0, n, step)]


class Part:
    """Columns of a layer from `first` on.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    layer : Gemm or Convolution
        The layer.
    first, columns : int
        Which columns.
    fold : int
        Results that are computed as one, with as many more columns.

    Attributes
    ----------
    constants : dict
        Arrays by name.
    """

    def __init__(self, config, layer, first, columns, fold=1):
        self.layer, self.first, self._columns = layer, first, config.columns
        own = slice(first, first + columns)
        self._scale, self._bias = f"scale {first}", f"bias {first}"
        self.constants = {}
        if layer.scale is not None:
            self.constants[self._scale] = np.tile(layer.scale[own], fold)
        if layer.bias is not None:
            row = np.tile(layer.bias[own], fold)
            self._copies = _COPIES if row.size <= _SHORT else 1
            if self._copies > 1:
                tiles = np.pad(row, (0, -row.size % self._columns)).reshape(-1, 1, self._columns)
                row = np.repeat(tiles, self._copies, axis=1)
            self.constants[self._bias] = row

    def commands(self, places, context, address, stride, emit):
        """The commands of this part.

        Parameters
        ----------
        places : dict
            Address of each constant.
        context : Context
        address, stride : int
            Of the layer's results: of column 0, and bytes from a row to the next.
        emit : callable
            From Results to commands.
        """
        if self.layer.scale is None:
            yield from emit(self._results(places, address, stride, 0))
            return
        scales = self.constants[self._scale]
        row = context.placement.scales(scales.size)
        bring = load(rows=1, bytes=scales.nbytes, address=places[self._scale], destination=row,
                     panel_stride=1, target=Target.PARAMETERS)  # fmt: skip
        executed = False
        for command in emit(self._results(places, address, stride, row)):
            # Only STORE wants them: operands come first. Zeros need no EXECUTE.
            if bring and (executed or command.name == "STORE"):
                yield bring
                bring = None
            executed = command.name == "EXECUTE"
            yield command

    def _results(self, places, address, stride, scales):
        layer, bias = self.layer, None
        low, high = layer.limits
        form = FORMATS[layer.y.dtype] if layer.scale is not None else StoreFormat.INT32
        if layer.bias is not None:
            bias = Bias(places[self._bias], self._copies, self._columns)
        return Results(address + layer.y.dtype.itemsize * self.first, stride, result_format=form,
                       scales=scales, zero_point=layer.zero_point, low=low, high=high,
                       bias=bias)  # fmt: skip
