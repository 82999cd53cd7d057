"""The program of an operator that takes elements one by one."""

from itertools import count

import numpy as np

from ppu.isa import RESIDUAL_CHUNKS, Target

from ..program import execute, load, store
from .area import areas
from .layers import FORMATS, Unplaced

__all__ = ["ElementwiseProgram", "Passes", "check_room"]


def check_room(config):
    """Raises Unplaced if a core's memories are too small for passes over elements."""
    rows = config.scratchpad_rows - _selection_rows(config)
    if _block_rows(config, rows, RESIDUAL_CHUNKS * config.columns) < 1:
        raise Unplaced("the core's memories have no room for matrices that choose columns, and two "
                       "blocks")  # fmt: skip


def _block_rows(config, rows, size):
    """Rows of `size` bytes in each of two blocks, in so many rows of the scratchpad."""
    tiles = -(-size // config.columns)
    panels = -(-tiles * config.columns // config.row_bytes)
    # Behind the sums are the residual numbers.
    return min(config.accumulator_rows // 2 // (tiles + 1), rows // 2 // panels)


class ElementwiseProgram:
    """An operator that takes elements one by one.

    Attributes
    ----------
    constants : dict
        Arrays by name.
    """

    def __init__(self, config, plan, layer):
        self.layer = layer
        self._passes = Passes(config, layer)
        self.constants = self._passes.constants

    def commands(self, context, places):
        """The commands; `places` has the address of each constant."""
        tensors = (*self.layer.operands, self.layer.y)
        found = areas([context.place(tensor) for tensor in tensors],
                      [context.plan.layouts.get(tensor.name) for tensor in tensors],
                      self.layer.y.bytes, self._passes.width)  # fmt: skip
        yield from self._passes.prelude(places)
        yield from self._passes.commands(found)


class Passes:
    """Passes over areas of memory, all with the same numbers.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    layer : Elementwise
        What is done.

    Attributes
    ----------
    constants : dict
        Arrays by name: matrices that choose columns, scales, tables.
    width : int
        Bytes of a row that is filled best: what a row of the accumulator has residual numbers for.
    """

    def __init__(self, config, layer):
        self.config, self.layer = config, layer
        self.width = RESIDUAL_CHUNKS * config.columns
        self._selection = config.scratchpad_rows - _selection_rows(config)
        self.constants = {"selection": _selection(config),
                          "scale": np.full(config.columns, layer.scale, np.float32)}  # fmt: skip
        for name, table in (("residual", layer.residual), ("table", layer.table)):
            if table is not None:       # each lane has one
                words = table.view(np.uint32) if name == "residual" else table.astype(np.uint32)
                self.constants[name] = np.repeat(words, config.epilogue_lanes)

    def prelude(self, places):
        """The commands that bring the constants; `places` has the address of each."""
        yield load(rows=_selection_rows(self.config), bytes=self.config.row_bytes,
                   address=places["selection"], destination=self._selection)  # fmt: skip
        rows = self.config.parameter_rows
        for name, row in (("scale", 0), ("residual", rows // 2), ("table", 3 * rows // 4)):
            if name in places:
                yield load(rows=1, bytes=4 * self.constants[name].size, address=places[name],
                           destination=row, panel_stride=1,
                           target=Target.PARAMETERS)  # fmt: skip

    def commands(self, areas):
        """The commands, two blocks at a time: each has its half of the memories."""
        half = count()
        for area in areas:
            for start in range(0, area.bytes, self.width):
                yield from self._segment(area, start, half)

    def _segment(self, area, start, half):
        """Rows of an area from byte `start` on."""
        config, layer = self.config, self.layer
        size = min(self.width, area.bytes - start)
        tiles = -(-size // config.columns)
        selection = self._selection
        most = _block_rows(config, selection, size)
        for first in range(0, area.rows, most):
            rows, which = min(most, area.rows - first), next(half) % 2
            scratchpad, sums = which * (selection // 2), which * (config.accumulator_rows // 2)
            residual = sums + tiles * rows
            (a, a_stride), *others = area.operands
            yield load(rows=rows, bytes=size, address=a + first * a_stride + start, stride=a_stride,
                       destination=scratchpad)  # fmt: skip
            for b, b_stride in others:
                yield load(rows=rows, bytes=size, address=b + first * b_stride + start,
                           stride=b_stride, destination=residual,
                           target=Target.ACCUMULATOR)  # fmt: skip
            for tile in range(tiles):
                yield self._execute(rows, tile, scratchpad, sums)
            low, high = layer.limits
            adds = {"add_residual": True} if others else {}
            for row, height, address, stride in area.stores(first, rows, start):
                yield store(rows=height, columns=size, address=address, stride=stride,
                            source=sums + row, panel_stride=rows, scales=0, shared_scales=True,
                            result_format=FORMATS[layer.rounded.dtype], low=low, high=high,
                            activate=layer.table is not None,
                            residual=residual + row if others else 0, **adds)  # fmt: skip

    def _execute(self, rows, tile, scratchpad, sums):
        """The sums of a column tile are its elements."""
        row_bytes, columns = self.config.row_bytes, self.config.columns
        panel, lane = divmod(tile * columns, row_bytes)
        return execute(
            m=rows, k=max(1, columns // row_bytes), a=scratchpad + panel * rows, a_stride=rows,
            b=self._selection + (lane // columns * columns), b_stride=columns, c=sums + tile * rows,
            a_signed=self.layer.a.dtype == np.int8)  # fmt: skip


def _selection_rows(config):
    """Rows of the scratchpad that :func:`_selection` takes."""
    return config.columns * max(config.row_bytes // config.columns,
                                config.columns // config.row_bytes)  # fmt: skip


def _selection(config):
    """Matrices of ones with which a product takes `columns` bytes of a row as they are."""
    row_bytes, columns = config.row_bytes, config.columns
    matrices = np.zeros((_selection_rows(config) // columns, columns, row_bytes), np.int8)
    for index in range(len(matrices)):
        for column in range(columns):
            lane = column + index * columns if row_bytes >= columns else column - index * row_bytes
            if 0 <= lane < row_bytes:
                matrices[index, column, lane] = 1
    return matrices.reshape(-1, row_bytes)
