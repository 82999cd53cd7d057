"""How a convolution is cut: bands of output lines, column tiles and K panels, and their order."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ..program.plan import firsts, groups
from .shape import Taps

__all__ = ["ConvolutionPlan", "best_plan"]

_MAX_COUNT = (1 << 16) - 1
#: Cycles that a step is worth beyond its own work.
_STEP_CYCLES = 16
#: Cycles that a line is worth which a LOAD brings alone: the memory's latency, a part of it.
_LINE_CYCLES = 24
#: Outputs that may be side by side.
_FOLDS = (1, 2, 4, 8, 16)


@dataclass(frozen=True, kw_only=True)
class ConvolutionPlan:
    """The chosen blocks.

    Parameters
    ----------
    fold : int
        Outputs of a row, see :class:`Taps`.
    lines, rows : tuple of int
        Output lines, and rows of each line, of each band; a *block* is a band times a group of
        column tiles.
    tiles, panels : tuple of int
        Column tiles and K panels of each group.
    depth : int
        K steps of a piece of the weights.
    order : str
        "bands": all tile groups for a band, then the next band. "tiles": the other way round.
    a_rows : int
        Scratchpad rows for pieces of the image, whole banks; those after them are for weights.
    joined : bool
        One LOAD brings a band: its lines follow each other as in memory.
    """

    fold: int
    lines: tuple
    rows: tuple
    tiles: tuple
    panels: tuple
    depth: int
    order: str
    a_rows: int
    joined: bool

    def width(self, taps, rows):
        """Rows of a line of the image in the scratchpad."""
        return taps.shape.pitch // taps.pixels if self.joined else rows + taps.reach[1]

    def image_rows(self, taps, lines, rows, panels):
        """Scratchpad rows of a band's piece of the image."""
        return len(taps.phases) * panels * (lines + taps.reach[0]) * self.width(taps, rows)

    def sums(self, taps, lines, rows):
        """Accumulator rows of a band for one tile; some are between lines, and not stored."""
        return (lines - 1) * self.width(taps, rows) + rows


def _halvings(total):
    sizes = {1}
    while total > 1:
        sizes.add(total)
        total = -(-total // 2)
    return sorted(sizes, reverse=True)


def best_plan(config, shape, weight):
    """The taps and the plan of the fewest cycles by a rough count.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    shape : ConvolutionShape
        The convolution.
    weight : (filters, KH, KW, channels) array
        What is zero in it is left out.

    Raises
    ------
    ValueError
        If the convolution does not fit the memories, however it is cut.
    """
    best = None
    for taps in _folded(config, shape, 2 if weight.dtype == np.int16 else 1):
        used = taps.used(taps.weights(weight))
        for plan in _plans(config, taps):
            cycles = _cycles(config, taps, used, plan)
            if best is None or cycles < best[0]:
                best = cycles, taps, plan
    if best is None:
        raise ValueError(f"no piece of {shape} fits the core's memories")
    return best[1:]


def _folded(config, shape, copies):
    """Taps of all folds that are worth a look: few filters or narrow pixels."""
    for fold in _FOLDS:
        taps = Taps(config, shape, fold, copies)
        fits = shape.may_fold and taps.filters <= config.scale_rows * config.columns
        if fold == 1 or (fold <= shape.horizontal.outputs and fits and (
                taps.bytes <= 2 * config.row_bytes or taps.filters <= 2 * config.columns)):
            yield taps


def _plans(config, taps):
    shape, tiles = taps.shape, -(-taps.filters // config.columns)
    for width in _halvings(taps.rows(shape.horizontal.outputs)):
        found = False
        joins = {False, width == taps.rows(shape.horizontal.outputs) and _may_join(taps)}
        for choice in product(_halvings(shape.vertical.outputs), _halvings(tiles),
                              _halvings(taps.panels), ("bands", "tiles"),
                              range(1, config.scratchpad_banks), sorted(joins)):  # fmt: skip
            plan = _fitting(config, taps, width, *choice)
            if plan:
                found = True
                yield plan
        if found:       # parts of lines are for what is too wide
            return


def _may_join(taps):
    """Whether rows of a line end where the next line begins."""
    return (len(taps.phases) == taps.shape.vertical.stride == 1
            and taps.shape.pitch % taps.pixels == 0)  # fmt: skip


def _fitting(config, taps, width, height, tile, panel, order, bank, joined):
    """The plan of some blocks, or None if it does not fit."""
    shape = taps.shape
    plan = ConvolutionPlan(
        fold=taps.fold, lines=groups(shape.vertical.outputs, height),
        rows=groups(taps.rows(shape.horizontal.outputs), width),
        tiles=groups(-(-taps.filters // config.columns), tile), panels=groups(taps.panels, panel),
        depth=0, order=order, a_rows=bank * config.bank_rows, joined=joined)  # fmt: skip
    lines, rows, panels, tiles = plan.lines[0], plan.rows[0], plan.panels[0], plan.tiles[0]
    bands = shape.images * len(plan.lines) * len(plan.rows)
    sums = plan.sums(taps, lines, rows) * tiles * min(2, bands * len(plan.tiles))
    image = plan.image_rows(taps, lines, rows, panels) * min(2, bands * len(plan.panels))
    if sums > config.accumulator_rows or image > plan.a_rows:
        return None
    room = config.scratchpad_rows - plan.a_rows
    steps = len(taps.places) * panels
    depth = steps if _weight_rows(config, taps, plan) <= room else min(
        steps, room // (2 * tiles * config.columns))
    depth = min(depth, _MAX_COUNT // config.row_bytes)
    return replace(plan, depth=depth) if depth else None


def _weight_rows(config, taps, plan):
    return len(taps.places) * sum(plan.panels) * sum(plan.tiles) * config.columns


def _cycles(config, taps, used, plan):
    """Cycles of the busiest unit, and something for each step and for what cannot overlap."""
    shape, columns, beat = taps.shape, config.columns, config.beat_bytes
    bands = shape.images * len(plan.lines) * len(plan.rows)
    lines, rows = plan.lines[0], plan.rows[0]
    sums, width = plan.sums(taps, lines, rows), plan.width(taps, rows)
    # Steps that a tile group wants of a panel group.
    wanted = np.add.reduceat(
        np.logical_or.reduceat(used, firsts(plan.tiles), axis=2).sum(axis=0),
        firsts(plan.panels), axis=0)
    weights = int((wanted * np.array(plan.tiles)).sum()) * columns
    room = config.scratchpad_rows - plan.a_rows
    stays = plan.order == "tiles" and len(plan.panels) == 1 and wanted.max() <= plan.depth
    weights *= 1 if stays or _weight_rows(config, taps, plan) <= room else bands
    image = bands * len(taps.phases) * (lines + taps.reach[0]) * width
    image *= max(taps.bytes / beat, taps.panels)
    if not plan.joined:     # a LOAD for each line
        image += bands * len(taps.phases) * (lines + taps.reach[0]) * _LINE_CYCLES
    if len(plan.tiles) > 1 and (plan.order == "tiles" or len(plan.panels) > 1):
        image *= len(plan.tiles)
    weights *= max(config.row_bytes / beat, 1)
    # The bias comes for each sum, and a result leaves as a byte.
    bias = bands * sums * sum(plan.tiles) * max(4 * columns / beat, 2)
    executes = bands * int(used.sum()) * max(sums, columns)
    results = bands * lines * rows * sum(plan.tiles) * columns
    stores = results * max(1 / max(1, config.epilogue_lanes), 1 / beat)
    steps = bands * int((-(-wanted // plan.depth)).sum())
    first = (image + bias + weights + stores) / (bands * len(plan.tiles))
    return max(image + bias + weights, executes, stores) + _STEP_CYCLES * steps + first
