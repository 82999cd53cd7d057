"""Improves the plan of a matrix product step by step, by playing its program through."""

from dataclasses import replace

from ..cycles import estimate
from .matmul import Matrix, drafts
from .matrix import Results
from .plan import groups
from .shapes import work
from .steps import opening_rows

__all__ = ["Search"]

#: Steps of the two stand-ins that are played for a plan with more steps.
_MOST_STEPS = (40, 120)
#: Groups of each kind in a stand-in: those at the beginning, where ramps are, and at the end.
_STAND_IN_GROUPS = ((8, 2), (6, 2), (4, 2), (3, 2), (2, 2), (2, 1))
#: A plan this close to what its busiest unit needs is not improved any more.
_GOOD_ENOUGH = 1.002
#: Another round is made if the last one brought this much.
_WORTH_A_ROUND = 0.997
_ROUNDS = 2
#: The last plans on the way to the best one, which are played in full.
_PLAYED_IN_FULL = 5
#: Cycles of every program beside its work and the memory's latency: pipelines, first tile.
_UNAVOIDABLE = 60
#: Blocks of an opening.
_MOST_OPEN = 32
_ORDERS = ("rows", "tiles", "square")
#: Panels of groups, and of first and last parts.
_DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16, 32)
#: Sizes of first groups, in tiles or in the rows of a tile.
_RAMPS = ((), (1,), (1, 1), (1, 2), (1, 1, 2), (2, 2))


def _shortened(sizes, first, last):
    return sizes if len(sizes) <= first + last else (*sizes[:first], *sizes[-last:])


class Search:
    """Looks for a better plan of one product.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    memory : MemoryTiming
        The memory.
    strides : Strides
        Of the matrices.
    """

    def __init__(self, config, memory, strides):
        self.config, self.memory, self.strides = config, memory, strides
        self._played, self._full = {}, {}

    def cycles(self, plan):
        """Cycles of a plan, by playing its program or that of its stand-in."""
        if plan not in self._played:
            self._played[plan] = self._play(plan)
        return self._played[plan]

    def full_cycles(self, plan):
        """Cycles of a plan, by playing all of its program."""
        if plan not in self._full:
            self._full[plan] = self._play_all(plan)
        return self._full[plan]

    def _play_all(self, plan):
        strides = self.strides
        a, b = Matrix(1 << 60, strides.a), Matrix(2 << 60, strides.b)
        c = Results(3 << 60, strides.c, result_format=strides.result)
        return estimate(self.config, drafts(self.config, plan, a, b, c), self.memory).cycles

    def _play(self, plan):
        """A long program goes on as its stand-in does from a smaller one to a larger one."""
        small, large = (self._stand_in(plan, most) for most in _MOST_STEPS)
        cycles = self.full_cycles(large)
        if large == plan:
            return cycles
        work, work_small, work_large = (max(self._work(p)) for p in (plan, small, large))
        pace = 1.0
        if work_large > work_small:
            pace = max(1.0, (cycles - self.full_cycles(small)) / (work_large - work_small))
        return cycles + round((work - work_large) * pace)

    def _work(self, plan):
        return work(self.config, self.memory, plan, self.strides)

    def _bound(self, plan):
        """Cycles that a plan takes at least: the busiest unit, and three times the latency."""
        return max(self._work(plan)) + 3 * self.memory.latency + _UNAVOIDABLE

    def _stand_in(self, plan, most):
        """A smaller product with the same beginning and end, or the plan itself if it is small."""
        kinds = plan.rows, plan.tiles, plan.panels
        rows, tiles, panels = kinds
        for first, last in _STAND_IN_GROUPS:
            if len(rows) * len(tiles) * len(panels) <= most:
                break
            rows, tiles, panels = (_shortened(sizes, first, last) for sizes in kinds)
        small = replace(
            plan, rows=rows, tiles=tiles, panels=panels, m=sum(rows),
            opening=min(plan.opening, len(rows) * len(tiles)),
            n=plan.n - (sum(plan.tiles) - sum(tiles)) * self.config.columns,
            k=plan.k - (sum(plan.panels) - sum(panels)) * self.config.row_bytes,
        )  # fmt: skip
        return small if self._fits(small) else replace(small, opening=1)

    def improved(self, plan):
        """The best plan found by one change after the other, from `plan` on.

        Stand-ins may mislead: in the end, the plans on the way are played as they are.
        """
        enough = _GOOD_ENOUGH * self._bound(plan) + self.memory.latency
        best, way = plan, [plan]
        for _ in range(_ROUNDS):
            before = self.cycles(best)
            for changes in (
                self._starts, self._last_blocks, self._orders, self._rows, self._tiles,
                self._openings, self._last_depths, self._panels, self._splits, self._last_blocks,
            ):  # fmt: skip
                if self.cycles(best) <= enough:
                    break
                for changed in changes(best):
                    # What a unit has to do is a bound: most changes need not be played.
                    if self._bound(changed) < self.cycles(best):
                        best = min(best, changed, key=self.cycles)
                if best != way[-1]:
                    way.append(best)
            if self.cycles(best) > _WORTH_A_ROUND * before:
                break
        return min(way[-_PLAYED_IN_FULL:], key=self.full_cycles)

    def _fits(self, plan):
        columns, b_rows = self.config.columns, self.config.scratchpad_rows - plan.a_rows
        return (
            plan.rows and plan.tiles
            and max(plan.rows) * max(plan.tiles) <= self.config.accumulator_rows
            and max(plan.rows) * plan.panels[0] <= plan.a_rows
            and max(plan.tiles) * columns * plan.panels[0] <= b_rows
            and plan.opening <= len(plan.rows) * len(plan.tiles)
            and opening_rows(plan) <= self.config.accumulator_rows
        )

    def _kept(self, plans):
        return [plan for plan in plans if self._fits(plan)]

    def _starts(self, plan):
        """Small groups of rows and of tiles first, computed side by side as they come."""
        columns, tiles = self.config.columns, sum(plan.tiles)
        for ramp in _RAMPS[1:]:
            for rows in _with_ramp(plan.m, columns, max(plan.rows), ramp):
                for groups_of_tiles in _with_ramp(tiles, 1, max(plan.tiles), ramp):
                    start = replace(plan, rows=rows, tiles=groups_of_tiles, order="square")
                    yield from self._kept(
                        replace(start, opening=opening, first_depth=depth)
                        for opening in {1, len(ramp) ** 2, (len(ramp) + 1) ** 2}
                        for depth in (1, 2, 4) if depth <= plan.panels[0])

    def _rows(self, plan):
        return self._kept(
            replace(plan, rows=rows)
            for rows in _ramped(plan.m, self.config.columns, plan.rows))

    def _tiles(self, plan):
        return self._kept(
            replace(plan, tiles=tiles) for tiles in _ramped(sum(plan.tiles), 1, plan.tiles))

    def _orders(self, plan):
        return self._kept(replace(plan, order=order) for order in _ORDERS)

    def _panels(self, plan):
        panels = sum(plan.panels)
        depths = {depth for depth in _DEPTHS if depth < panels}
        return self._kept(replace(plan, panels=groups(panels, depth)) for depth in depths)

    def _openings(self, plan):
        blocks = len(plan.rows) * len(plan.tiles)
        openings = {1, 2, 4, len(plan.rows), len(plan.tiles), 2 * len(plan.tiles)}
        return self._kept(
            replace(plan, opening=opening, first_depth=depth)
            for opening in openings if opening <= min(blocks, _MOST_OPEN)
            for depth in _depths(plan))

    def _last_depths(self, plan):
        return [replace(plan, last_depth=depth) for depth in _depths(plan)]

    def _last_blocks(self, plan):
        columns = self.config.columns
        return [replace(plan, last_block=size)
                for size in (columns // 2, columns, 2 * columns, 4 * columns, 8 * columns)]

    def _splits(self, plan):
        banks = self.config.scratchpad_banks
        return self._kept(
            replace(plan, a_rows=bank * self.config.bank_rows) for bank in range(1, banks))


def _depths(plan):
    total = sum(plan.panels)
    return [*(depth for depth in _DEPTHS if depth < plan.panels[0]), total]


def _with_ramp(total, unit, main, ramp):
    """Groups of `total` of at most `main`, behind a ramp; none if it does not fit."""
    first = tuple(unit * part for part in ramp)
    rest = total - sum(first)
    if rest > 0 and main >= (first or (1,))[-1]:
        yield (*first, *groups(rest, min(main, rest)))


def _ramped(total, unit, sizes):
    """Other groups of `total`: larger or smaller ones, with small ones before them."""
    size = max(sizes)
    for main in (size, size // 2, 2 * size):
        for ramp in _RAMPS:
            yield from _with_ramp(total, unit, main, ramp)
