"""What STORE makes of a layer's sums, for as many columns at a time as there is room for scales."""

from ppu.isa import StoreFormat, Target

from ..program import load
from ..program.matrix import Results
from .layers import FORMATS

__all__ = ["load_scales", "parts", "results_of"]


def parts(config, layer):
    """(first column, columns) of each part of a layer."""
    n = layer.weight.shape[0]
    step = config.scale_rows * config.columns if layer.scale is not None else n
    return [(first, min(step, n - first)) for first in range(0, n, step)]


def load_scales(layer, places, first, columns):
    """The commands that bring the scales of a part, if it has some."""
    if layer.scale is not None:
        yield load(rows=1, bytes=4 * columns, address=places["scale"] + 4 * first, destination=0,
                   panel_stride=1, target=Target.PARAMETERS)  # fmt: skip


def results_of(layer, places, first, address, stride):
    """Results of a part that begins at a column; `address` is that of column 0."""
    low, high = layer.limits
    form = FORMATS[layer.y.dtype] if layer.scale is not None else StoreFormat.INT32
    bias = places["bias"] + 4 * first if "bias" in places else None
    return Results(address + layer.y.dtype.itemsize * first, stride, result_format=form,
                   zero_point=layer.zero_point, low=low, high=high, bias=bias)  # fmt: skip
