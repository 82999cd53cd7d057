"""The block shapes of a matrix product that are worth a look, and their cost in sums."""

from collections import Counter
from dataclasses import dataclass

from . import cost
from .plan import MatmulPlan, groups

__all__ = ["Strides", "rough_cycles", "shapes", "work"]

_MAX_COUNT = (1 << 16) - 1


@dataclass(frozen=True)
class Strides:
    """Bytes from a row to the next, of each matrix."""

    a: int
    b: int
    c: int


def _halvings(size):
    """`size`, and the powers of two below it."""
    return [size] + [1 << bits for bits in range(size.bit_length()) if 1 << bits < size]


def _fitting(panels, height, total_height, region):
    """Panels of a piece of `height` rows: all of the operand, or two pieces, must fit a region."""
    if total_height * panels <= region:
        return panels
    return min(panels, region // (2 * height))


def shapes(config, m, n, k):
    """Plans of every block shape worth a look, without ramps."""
    columns = config.columns
    tiles, panels = -(-n // columns), -(-k // config.row_bytes)
    room = config.accumulator_rows
    heights = {min(m, factor * columns << bits, room) for factor in (1, 3) for bits in range(15)}
    for height in sorted(heights):
        for width in _halvings(min(tiles, room)):
            if height * width > room or 8 * height * width < min(room, m * tiles):
                continue
            rows, tile_groups = groups(m, height), groups(tiles, width)
            for bank in range(1, config.scratchpad_banks):
                a_rows = bank * config.bank_rows
                depth = min(
                    _MAX_COUNT // config.row_bytes,
                    _fitting(panels, rows[0], m, a_rows),
                    _fitting(panels, tile_groups[0] * columns, tiles * columns,
                             config.scratchpad_rows - a_rows),
                )  # fmt: skip
                if depth == 0:
                    continue
                panel_groups = groups(panels, depth)
                for order in ("rows", "tiles"):
                    yield MatmulPlan(
                        m=m, n=n, k=k, rows=rows, tiles=tile_groups, panels=panel_groups,
                        order=order, first_parts=panel_groups[:1],
                        last_block=config.accumulator_rows, a_rows=a_rows)  # fmt: skip


def _passes(plan, own, others, height, region, outer):
    """How often an operand is loaded as a whole.

    `own` and `others` are its and the other operand's groups, `height` the scratchpad rows of its
    largest group; `outer` says that its group stays while the other operand's go by.
    """
    panels, scale = sum(plan.panels), height // own[0]
    all_fits = sum(own) * scale * panels <= region
    group_stays = outer and height * (panels + plan.panels[0]) <= region
    return 1 if all_fits or group_stays or (len(others) == 1 and outer) else len(others)


def work(config, plan, strides):
    """Cycles of work of LOAD, EXECUTE and STORE, summed over the whole program."""
    columns, row_bytes = config.columns, config.row_bytes
    rows, tiles, panels = (Counter(sizes) for sizes in (plan.rows, plan.tiles, plan.panels))
    passes_a = _passes(plan, plan.rows, plan.tiles, plan.rows[0], plan.a_rows, plan.order == "rows")
    passes_b = _passes(plan, plan.tiles, plan.rows, plan.tiles[0] * columns,
                       config.scratchpad_rows - plan.a_rows, plan.order == "tiles")  # fmt: skip

    def load(groups_of_rows, stride):
        return sum(
            count * often * cost.load_cycles(
                config, rows=height, bytes=min(depth * row_bytes, plan.k), stride=stride)
            for height, count in groups_of_rows.items() for depth, often in panels.items()
        )  # fmt: skip

    b_heights = Counter({width * columns: count for width, count in tiles.items()})
    if sum(plan.tiles) == 1:
        b_heights = Counter([plan.n])
    loads = passes_a * load(rows, strides.a) + passes_b * load(b_heights, strides.b)
    executes = sum(
        count * cost.execute_cycles(config, m=height, n=sum(plan.tiles), k=sum(plan.panels))
        for height, count in rows.items()
    )
    stores = sum(
        count * often * cost.store_cycles(
            config, rows=height, columns=min(width * columns, plan.n), stride=strides.c)
        for height, count in rows.items() for width, often in tiles.items()
    )  # fmt: skip
    return loads, executes, stores


def rough_cycles(config, plan, strides):
    """Cycles of the busiest unit, and something for what the others cannot overlap with it."""
    loads, executes, stores = work(config, plan, strides)
    blocks = len(plan.rows) * len(plan.tiles)
    if 2 * plan.rows[0] * plan.tiles[0] > config.accumulator_rows:
        executes += stores  # there is no second half to compute in while a block is stored
    return max(loads, executes, stores) + (loads + stores) // 16 + stores // blocks
