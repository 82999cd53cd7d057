"""The program of an operator that takes elements one by one."""

import numpy as np

from ppu.isa import RESIDUAL_CHUNKS, Target

from ..program import execute, load, store
from .layers import FORMATS

__all__ = ["constants", "program"]

_ENTRIES = 256


def constants(config, layer):
    """Its constants by name: matrices that choose columns, scales, tables."""
    found = {"selection": _selection(config),
             "scale": np.full(config.columns, layer.scale, np.float32)}  # fmt: skip
    for name, table in (("residual", layer.residual), ("table", layer.table)):
        if table is not None:       # each lane has one
            words = table.view(np.uint32) if name == "residual" else table.astype(np.uint32)
            found[name] = np.repeat(words, config.epilogue_lanes)
    return found


def _selection(config):
    """Matrices of ones with which a product takes `columns` bytes of a row as they are."""
    row_bytes, columns = config.row_bytes, config.columns
    count = max(row_bytes // columns, columns // row_bytes)
    matrices = np.zeros((count, columns, row_bytes), np.int8)
    for index in range(count):
        for column in range(columns):
            lane = column + index * columns if row_bytes >= columns else column - index * row_bytes
            if 0 <= lane < row_bytes:
                matrices[index, column, lane] = 1
    return matrices.reshape(-1, row_bytes)


def program(config, layer, places, a, b, y):
    """The commands of a layer.

    Tensors are taken as rows of as many bytes as a row of the accumulator has residual numbers.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    layer : Elementwise
        The layer.
    places : dict
        Address of each constant.
    a, b, y : int
        Addresses of operands and result.
    """
    yield from _parameters(config, layer, places)
    chosen = len(_selection(config))
    selection = config.scratchpad_rows - chosen
    yield load(rows=chosen, bytes=config.row_bytes,
               address=places["selection"], destination=selection)  # fmt: skip
    width, total = RESIDUAL_CHUNKS * config.columns, layer.a.bytes
    panels = -(-width // config.row_bytes)
    # Two blocks at a time, each with its sums and, behind them, its residual numbers.
    most = min(config.accumulator_rows // 2 // (RESIDUAL_CHUNKS + 1), selection // 2 // panels)
    whole = total // width
    blocks = [(row, min(most, whole - row), width) for row in range(0, whole, most)]
    if total % width:
        blocks.append((whole, 1, total % width))
    for index, (row, rows, columns) in enumerate(blocks):
        scratchpad, sums = index % 2 * (selection // 2), index % 2 * (config.accumulator_rows // 2)
        residual = sums + RESIDUAL_CHUNKS * rows
        yield load(rows=rows, bytes=columns, address=a + row * width, destination=scratchpad)
        if layer.b is not None:
            yield load(rows=rows, bytes=columns, address=b + row * width, destination=residual,
                       target=Target.ACCUMULATOR)  # fmt: skip
        for tile in range(-(-columns // config.columns)):
            yield _execute(config, layer, rows, tile, scratchpad, selection, sums)
        low, high = layer.limits
        adds = {"add_residual": True, "residual": residual} if layer.b is not None else {}
        yield store(rows=rows, columns=columns, address=y + row * width, source=sums,
                    result_format=FORMATS[layer.rounded.dtype], low=low, high=high, scales=0,
                    shared_scales=True, activate=layer.table is not None, **adds)  # fmt: skip


def _parameters(config, layer, places):
    for name, row in (("scale", 0), ("residual", config.parameter_rows // 2),
                      ("table", 3 * config.parameter_rows // 4)):  # fmt: skip
        if name in places:
            words = config.columns if name == "scale" else _ENTRIES * config.epilogue_lanes
            yield load(rows=1, bytes=4 * words, address=places[name], destination=row,
                       panel_stride=1, target=Target.PARAMETERS)  # fmt: skip


def _execute(config, layer, rows, tile, scratchpad, selection, sums):
    """The sums of a column tile are its elements."""
    row_bytes, columns = config.row_bytes, config.columns
    panel, lane = divmod(tile * columns, row_bytes)
    return execute(
        m=rows, k=max(1, columns // row_bytes), a=scratchpad + panel * rows, a_stride=rows,
        b=selection + (lane // columns * columns), b_stride=columns, c=sums + tile * rows,
        a_signed=layer.a.dtype == np.int8)  # fmt: skip
