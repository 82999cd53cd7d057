"""How a convolution is cut: bands of output lines, column tiles and K panels, and their order."""

from dataclasses import dataclass

import numpy as np

from ..program.plan import groups

__all__ = ["ConvolutionPlan", "best_plan"]

_MAX_COUNT = (1 << 16) - 1
#: Cycles that an EXECUTE, and what it waits for, are worth beyond its own.
_STEP_CYCLES = 16


@dataclass(frozen=True, kw_only=True)
class ConvolutionPlan:
    """The chosen blocks.

    Parameters
    ----------
    lines, pixels : tuple of int
        Output lines and pixels of each band; a *block* is a band times a group of column tiles.
    tiles, panels : tuple of int
        Column tiles and K panels of each group.
    depth : int
        K steps of a piece of the weights.
    order : str
        "bands": all tile groups for a band, then the next band. "tiles": the other way round.
    a_rows : int
        Scratchpad rows for pieces of the image, whole banks; those after them are for weights.
    """

    lines: tuple
    pixels: tuple
    tiles: tuple
    panels: tuple
    depth: int
    order: str
    a_rows: int

    def geometry(self, taps, lines, pixels):
        """Of a band in the scratchpad: its lines, and the rows of a line. Whole lines follow each
        other as in memory, where there is no stride.
        """
        shape = taps.shape
        reach_lines, reach_pixels = taps.reach
        width = shape.pitch if self.whole_lines(shape) else pixels + reach_pixels
        return lines + reach_lines, width

    def whole_lines(self, shape):
        """Whether one LOAD brings a band."""
        return len(self.pixels) == 1 and shape.vertical.stride == shape.horizontal.stride == 1

    def image_rows(self, taps, lines, pixels, panels):
        """Scratchpad rows of a band's piece."""
        height, width = self.geometry(taps, lines, pixels)
        return len(taps.phases) * panels * height * width

    def sums(self, taps, lines, pixels):
        """Accumulator rows of a band for one tile; some are between lines, and not stored."""
        _, width = self.geometry(taps, lines, pixels)
        return (lines - 1) * width + pixels


def _halvings(total):
    sizes = {1}
    while total > 1:
        sizes.add(total)
        total = -(-total // 2)
    return sorted(sizes, reverse=True)


def best_plan(config, taps, used):
    """The plan of the fewest cycles by a rough count.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    taps : Taps
        The K steps.
    used : (positions, panels, tiles) array of bool
        Which weights are not all zero.

    Raises
    ------
    ValueError
        If the convolution does not fit the memories, however it is cut.
    """
    shape = taps.shape
    best = min(_plans(config, taps), key=lambda plan: _cycles(config, taps, used, plan),
               default=None)  # fmt: skip
    if best is None:
        raise ValueError(f"no piece of {shape} fits the core's memories")
    return best


def _plans(config, taps):
    shape, columns = taps.shape, config.columns
    tiles = -(-shape.filters // columns)
    for width in _halvings(shape.horizontal.outputs):
        found = False
        for height in _halvings(shape.vertical.outputs):
            for tile in _halvings(tiles):
                for panel in _halvings(taps.panels):
                    for order in ("bands", "tiles"):
                        for bank in range(1, config.scratchpad_banks):
                            plan = _fitting(config, taps, width, height, tile, panel, order, bank)
                            if plan:
                                found = True
                                yield plan
        if found:       # parts of lines are for what is too wide
            return


def _fitting(config, taps, width, height, tile, panel, order, bank):
    """The plan of some blocks, or None if it does not fit."""
    shape = taps.shape
    plan = ConvolutionPlan(
        lines=groups(shape.vertical.outputs, height),
        pixels=groups(shape.horizontal.outputs, width),
        tiles=groups(-(-shape.filters // config.columns), tile), panels=groups(taps.panels, panel),
        depth=0, order=order, a_rows=bank * config.bank_rows)  # fmt: skip
    lines, pixels, panels, tiles = plan.lines[0], plan.pixels[0], plan.panels[0], plan.tiles[0]
    blocks = shape.images * len(plan.lines) * len(plan.pixels) * len(plan.tiles)
    sums = plan.sums(taps, lines, pixels) * tiles
    pieces = shape.images * len(plan.lines) * len(plan.pixels) * len(plan.panels)
    image = plan.image_rows(taps, lines, pixels, panels)
    if sums * min(2, blocks) > config.accumulator_rows or image * min(2, pieces) > plan.a_rows:
        return None
    room = config.scratchpad_rows - plan.a_rows
    steps, height = len(taps.positions) * panels, tiles * config.columns
    everything = len(taps.positions) * sum(plan.panels) * sum(plan.tiles) * config.columns
    depth = steps if everything <= room else min(steps, room // (2 * height))
    depth = min(depth, _MAX_COUNT // config.row_bytes)
    return ConvolutionPlan(**{**vars(plan), "depth": depth}) if depth else None


def _cycles(config, taps, used, plan):
    """Cycles of the busiest unit, and something for each step."""
    shape, columns, beat = taps.shape, config.columns, config.beat_bytes
    bands = shape.images * len(plan.lines) * len(plan.pixels)
    lines, pixels = plan.lines[0], plan.pixels[0]
    sums = plan.sums(taps, lines, pixels)
    panel_starts = np.cumsum((0, *plan.panels))[:-1]
    tile_starts = np.cumsum((0, *plan.tiles))[:-1]
    # (positions, panel groups of panels, tile groups): what must come, and what is computed.
    wanted = np.add.reduceat(
        np.logical_or.reduceat(used, tile_starts, axis=2).sum(axis=0), panel_starts, axis=0)
    weights = int((wanted * np.array(plan.tiles)).sum()) * columns
    everything = len(taps.positions) * sum(plan.panels) * sum(plan.tiles) * columns
    stays = everything <= config.scratchpad_rows - plan.a_rows or (plan.order == "tiles" and (
        len(plan.panels) == 1 and wanted.max() <= plan.depth))  # fmt: skip
    weights *= 1 if stays else bands
    height, width = plan.geometry(taps, lines, pixels)
    image = bands * len(taps.phases) * height * width * -(-taps.bytes // beat)
    if len(plan.tiles) > 1 and (plan.order == "tiles" or len(plan.panels) > 1):
        image *= len(plan.tiles)
    # The bias comes for each sum, and a result leaves as a byte.
    loads = image + weights * -(-config.row_bytes // beat) + (
        bands * sums * sum(plan.tiles) * -(-4 * columns // beat))  # fmt: skip
    executes = bands * int(used.sum()) * max(sums, columns)
    results = bands * lines * pixels * sum(plan.tiles) * columns
    stores = results * (1 / max(1, config.epilogue_lanes) + 1 / beat)
    steps = bands * int((-(-wanted // plan.depth)).sum())
    first = (image + weights) / max(1, bands) + stores / bands
    return max(loads, executes, stores) + _STEP_CYCLES * steps + first
