"""The block shapes of a matrix product that are worth a look, and their cost in sums."""

from dataclasses import dataclass
from functools import lru_cache

from ppu.isa import COMMAND_BYTES, StoreFormat

from . import cost
from .plan import MatmulPlan, groups

__all__ = ["Strides", "rough_cycles", "shapes", "work"]

_MAX_COUNT = (1 << 16) - 1


@dataclass(frozen=True)
class Strides:
    """Bytes from a row to the next, of each matrix; and what the results are."""

    a: int
    b: int
    c: int
    result: StoreFormat = StoreFormat.INT32


def _sizes(total, unit, most):
    """Sizes of groups: powers of two times `unit`, three times as much, and all."""
    sizes = {factor * unit << bits for factor in (1, 3) for bits in range(15)}
    return sorted({min(total, size, most) for size in sizes})


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
    for height in _sizes(m, columns, room):
        for width in _sizes(tiles, 1, room // height):
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
                        order=order, opening=1, first_depth=panels, last_depth=panels,
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


@lru_cache(maxsize=1 << 16)
def _load_cycles(config, memory, height, size, stride):
    return cost.load_cycles(config, memory, rows=height, bytes=size, stride=stride)


@lru_cache(maxsize=1 << 16)
def _store_cycles(config, memory, height, columns, strides):
    return cost.store_cycles(config, memory, rows=height, columns=columns, stride=strides.c,
                             result=strides.result)  # fmt: skip


def _counts(sizes):
    return [(size, sizes.count(size)) for size in set(sizes)]


def work(config, memory, plan, strides):
    """Cycles of work of LOAD, EXECUTE, STORE and the decoder, summed over the whole program."""
    columns, row_bytes = config.columns, config.row_bytes
    rows, tiles, panels = (_counts(sizes) for sizes in (plan.rows, plan.tiles, plan.panels))
    passes_a = _passes(plan, plan.rows, plan.tiles, plan.rows[0], plan.a_rows, plan.order == "rows")
    passes_b = _passes(plan, plan.tiles, plan.rows, plan.tiles[0] * columns,
                       config.scratchpad_rows - plan.a_rows, plan.order == "tiles")  # fmt: skip

    def load(groups_of_rows, stride):
        return sum(
            count * often * _load_cycles(
                config, memory, height, min(depth * row_bytes, plan.k), stride)
            for height, count in groups_of_rows for depth, often in panels
        )  # fmt: skip

    b_heights = [(width * columns, count) for width, count in tiles]
    if sum(plan.tiles) == 1:
        b_heights = [(plan.n, 1)]
    loads = passes_a * load(rows, strides.a) + passes_b * load(b_heights, strides.b)
    executes = sum(
        count * cost.execute_cycles(config, m=height, n=sum(plan.tiles), k=sum(plan.panels))
        for height, count in rows
    )
    stores = sum(
        count * often * _store_cycles(
            config, memory, height, min(width * columns, plan.n), strides)
        for height, count in rows for width, often in tiles
    )  # fmt: skip
    blocks, steps = len(plan.rows) * len(plan.tiles), len(plan.panels)
    commands = blocks + steps * (
        blocks + passes_a * len(plan.rows) + passes_b * len(plan.tiles))  # fmt: skip
    loads += commands * COMMAND_BYTES // config.beat_bytes
    return loads, executes, stores, commands * cost.COMMAND_CYCLES


def rough_cycles(config, memory, plan, strides):
    """Cycles of the busiest unit, and something for what the others cannot overlap with it.

    A block's operands come before it is computed, and its sums leave after that: one block's share
    of each is not hidden. Each command costs a little.
    """
    loads, executes, stores, commands = work(config, memory, plan, strides)
    blocks = len(plan.rows) * len(plan.tiles)
    steps = blocks * len(plan.panels)
    if 2 * plan.rows[0] * plan.tiles[0] > config.accumulator_rows:
        executes += stores  # there is no second half to compute in while a block is stored
    busiest = max(loads, executes, stores, commands)
    hidden = min(1, 4 / steps)      # of the first and the last step, ramps hide a good part
    ends = hidden * (loads / steps + stores / blocks + executes / steps)
    return busiest + ends + (loads + stores + commands) // 16
