"""From layers to the program of the core."""

import numpy as np

from ppu.isa import StoreFormat, Target

from ..program import Placement, load, matmul_plan
from ..program.matmul import emit
from ..program.matrix import Matrix, Results
from . import elementwise
from .layers import FORMATS, Elementwise

__all__ = ["add_constants", "sections"]


def add_constants(config, plan, layer):
    """Puts the constants of a layer into the memory plan; returns their offsets by name."""
    if isinstance(layer, Elementwise):
        found = elementwise.constants(config, layer)
    else:
        found = {"weight": layer.weight, "bias": layer.bias, "scale": layer.scale}
    return {name: plan.add(array) for name, array in found.items() if array is not None}


def sections(config, plan, layers, offsets, base, memory=None):
    """The program of some layers without END: pairs of a layer and its commands.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    plan : MemoryPlan
        Where everything lies.
    layers : list of Gemm and Elementwise
        In their order.
    offsets : list of dict
        What :func:`add_constants` gave for each.
    base : int
        Address of the plan's first byte.
    memory : MemoryTiming, optional
        The memory for which products are cut.
    """
    placement = Placement(config)
    for layer, places in zip(layers, offsets, strict=True):
        if isinstance(layer, Elementwise):
            operands = [base + plan.tensors[t.name] for t in (*layer.operands, layer.y)]
            commands = elementwise.program(
                config, layer, {name: base + offset for name, offset in places.items()},
                operands[0], operands[1], operands[-1])
        else:
            commands = _gemm(config, plan, layer, places, base, memory, placement)
        yield layer, list(commands)


def _gemm(config, plan, layer, places, base, memory, placement):
    """A product for as many columns as there is room for scales."""
    m, n, k = layer.shape
    step = config.scale_rows * config.columns if layer.scale is not None else n
    for first in range(0, n, step):
        columns = min(step, n - first)
        if layer.scale is not None:
            yield load(rows=1, bytes=4 * columns, address=base + places["scale"] + 4 * first,
                       destination=0, panel_stride=1, target=Target.PARAMETERS)  # fmt: skip
        size = layer.y.dtype.itemsize
        results = _results(layer, base + plan.tensors[layer.y.name] + size * first, size * n,
                           "bias" in places and base + places["bias"] + 4 * first)
        a = Matrix(base + plan.tensors[layer.a.name], k, layer.a.dtype == np.int8)
        b = Matrix(base + places["weight"] + k * first, k, layer.weight.dtype == np.int8)
        cut = matmul_plan(config, m, columns, k, k, k, size * n, memory)
        yield from emit(config, cut, a, b, results, placement)


def _results(layer, address, stride, bias):
    low, high = layer.limits
    form = FORMATS[layer.y.dtype] if layer.scale is not None else StoreFormat.INT32
    return Results(address, stride, result_format=form, zero_point=layer.zero_point, low=low,
                   high=high, bias=bias or None)  # fmt: skip
