"""The steps of a plan: which part of which block comes when."""

from dataclasses import dataclass

from .plan import ramp

__all__ = ["Step", "opening_rows", "steps_of"]


@dataclass(frozen=True)
class Step:
    """One EXECUTE: indices of its groups, and panels `low` to `high` - 1 of the panel group."""

    row: int
    tile: int
    panel: int
    low: int
    high: int
    first: bool
    last: bool


def _there_and_back(count, turn):
    return range(count) if turn % 2 == 0 else reversed(range(count))


def _blocks(plan):
    """Row and tile group of each block. The inner one goes there and back, to meet pieces again."""
    rows, tiles = len(plan.rows), len(plan.tiles)
    if plan.order == "rows":
        return [(row, tile) for row in range(rows) for tile in _there_and_back(tiles, row)]
    if plan.order == "tiles":
        return [(row, tile) for tile in range(tiles) for row in _there_and_back(rows, tile)]
    return sorted(
        ((row, tile) for row in range(rows) for tile in range(tiles)),
        key=lambda block: (max(block), block[0] < max(block), *block),
    )


def _cuts(plan, turn, first, last):
    """(panel group, low, high) of the steps of a block, in their order."""
    groups = len(plan.panels)
    for panel in _there_and_back(groups, turn):
        low, size = 0, plan.panels[panel]
        ends = last and panel == (groups - 1 if turn % 2 == 0 else 0)
        parts = ramp(size, plan.first_depth if first else size, plan.last_depth if ends else size)
        for part in parts:
            yield panel, low, low + part
            low += part


def opening_rows(plan):
    """Accumulator rows of the blocks that are open at the beginning."""
    return sum(plan.rows[row] * plan.tiles[tile] for row, tile in _blocks(plan)[: plan.opening])


def steps_of(plan):
    """The steps of a plan in their order."""
    blocks, opening = _blocks(plan), plan.opening
    cuts = list(_cuts(plan, 0, first=True, last=len(blocks) <= opening))
    order = [(block, cut, cuts) for cut in cuts for block in blocks[:opening]]
    for turn, block in enumerate(blocks[opening:], start=1):
        cuts = list(_cuts(plan, turn, first=False, last=turn == len(blocks) - opening))
        order += [(block, cut, cuts) for cut in cuts]
    return [
        Step(*block, *cut, first=cut == cuts[0], last=cut == cuts[-1])
        for block, cut, cuts in order
    ]
