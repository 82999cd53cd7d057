"""Chooses the plan of a matrix product by the cost model, and makes its program."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import nsmallest

from ppu.config import Signs

from . import cost
from .matmul import Matrix, emit
from .plan import MatmulPlan, groups

__all__ = ["matmul_plan", "matmul_program"]

_MAX_COUNT = (1 << 16) - 1
#: Shapes that are played through after a first choice by sums of cycles.
_CANDIDATES = 6
#: Of these, the shapes that are improved.
_FINALISTS = 2
#: A plan this close to what its busiest unit needs is not improved any more.
_GOOD_ENOUGH = 1.002
#: Groups of each kind in the smaller product that stands for a large one when it is played.
_STAND_IN_GROUPS = 3
_ORDERS = ("rows", "tiles", "square")


@dataclass(frozen=True)
class _Strides:
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


def _shapes(config, m, n, k):
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


def _work(config, plan, strides):
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


def _rough_cycles(config, plan, strides):
    """Cycles of the busiest unit, and something for what the others cannot overlap with it."""
    loads, executes, stores = _work(config, plan, strides)
    blocks = len(plan.rows) * len(plan.tiles)
    if 2 * plan.rows[0] * plan.tiles[0] > config.accumulator_rows:
        executes += stores  # there is no second half to compute in while a block is stored
    return max(loads, executes, stores) + (loads + stores) // 16 + stores // blocks


def _stand_in(config, plan):
    """A smaller product with the same beginning, or the plan itself if it is small."""
    rows, tiles, panels = (
        sizes if len(sizes) <= _STAND_IN_GROUPS else (*sizes[: _STAND_IN_GROUPS - 1], sizes[-1])
        for sizes in (plan.rows, plan.tiles, plan.panels)
    )
    return replace(
        plan, rows=rows, tiles=tiles, panels=panels, m=sum(rows),
        n=plan.n - (sum(plan.tiles) - sum(tiles)) * config.columns,
        k=plan.k - (sum(plan.panels) - sum(panels)) * config.row_bytes,
    )  # fmt: skip


def _played_cycles(config, plan, strides):
    """Cycles by playing the program through, of a stand-in if it is long."""
    small = _stand_in(config, plan)
    a, b, c = Matrix(0, strides.a), Matrix(1 << 62, strides.b), Matrix(1 << 63, strides.c)
    cycles = cost.estimate(config, emit(config, small, a, b, c)).cycles
    if small == plan:
        return cycles
    return cycles + max(_work(config, plan, strides)) - max(_work(config, small, strides))


def _ramp(first, total):
    """`total` in parts that double: `first`, `first`, 2 * `first`, ..."""
    parts = [min(first, total)]
    while sum(parts) < total:
        parts.append(min(sum(parts), total - sum(parts)))
    return tuple(parts)


def _depths(config, plan):
    panels = sum(plan.panels)
    for depth in (2, 4, 8, 16):
        if depth < plan.panels[0]:
            cut = groups(panels, depth)
            yield replace(plan, panels=cut, first_parts=cut[:1])


def _orders(config, plan):
    for order in _ORDERS:
        yield replace(plan, order=order)


def _first_rows(config, plan):
    for ramp in _RAMPS:
        first = tuple(config.columns * part for part in ramp)
        if first[-1] < plan.rows[0] and sum(first) < plan.m:
            yield replace(plan, rows=(*first, *groups(plan.m - sum(first), plan.rows[0])))


def _first_tiles(config, plan):
    tiles = sum(plan.tiles)
    for first in _RAMPS:
        if first[-1] < plan.tiles[0] and sum(first) < tiles:
            yield replace(plan, tiles=(*first, *groups(tiles - sum(first), plan.tiles[0])))


def _first_parts(config, plan):
    for first in (1, 2, 4, 8):
        if first < plan.panels[0]:
            yield replace(plan, first_parts=_ramp(first, plan.panels[0]))


def _last_blocks(config, plan):
    for size in (config.columns, 2 * config.columns, 4 * config.columns):
        yield replace(plan, last_block=size)


#: Sizes of first groups, in tiles or in the rows of a tile.
_RAMPS = ((1,), (1, 1), (1, 1, 2), (2,), (2, 2))
#: What may improve a plan: smaller pieces at the beginning, less to store in the end.
_CHANGES = (
    _last_blocks, _orders, _first_rows, _first_tiles, _first_parts, _depths, _orders,
    _first_rows, _first_tiles,
)  # fmt: skip


def _improved(config, cycles, plan, strides):
    """The best plan found by one change after the other: (cycles, plan)."""
    enough = _GOOD_ENOUGH * max(_work(config, plan, strides))
    for changes in _CHANGES:
        if cycles <= enough:
            break
        for changed in list(changes(config, plan)):
            changed_cycles = _played_cycles(config, changed, strides)
            if changed_cycles < cycles:
                cycles, plan = changed_cycles, changed
    return cycles, plan


def _best(pairs, count):
    return nsmallest(count, pairs, key=lambda pair: pair[0])


@lru_cache(maxsize=1024)
def _best_plan(config, m, n, k, strides):
    shapes = _shapes(config, m, n, k)
    rough = _best(((_rough_cycles(config, plan, strides), plan) for plan in shapes), _CANDIDATES)
    played = ((_played_cycles(config, plan, strides), plan) for _, plan in rough)
    finalists = _best(played, _FINALISTS)
    improved = (_improved(config, cycles, plan, strides) for cycles, plan in finalists)
    return _best(improved, 1)[0][1]


def matmul_plan(config, m, n, k, a_stride=None, b_stride=None, c_stride=None):
    """The plan that takes the fewest cycles by the cost model.

    Parameters
    ----------
    config : Config
        The configuration of the core; nothing else is known of it.
    m, n, k : int
        The product: A (M x K) times the transpose of B (N x K). At least 1.
    a_stride, b_stride, c_stride : int
        Bytes from a row to the next; without gaps by default.
    """
    for name, value in (("m", m), ("n", n), ("k", k)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value!r}")
    strides = _Strides(a_stride or k, b_stride or k, c_stride or 4 * n)
    return _best_plan(config, m, n, k, strides)


def matmul_program(config, m, n, k, a_address, a_stride, b_address, b_stride, c_address, c_stride,
                   a_signed=True, b_signed=True, *, plan=None):  # fmt: skip
    """The program of C = A * B^T, for any size that fits the memory. END is left to the caller.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    m, n, k : int
        A is M x K, B is N x K, both of 8-bit numbers; C is M x N of INT32. All row-major.
    a_address, a_stride, b_address, b_stride, c_address, c_stride : int
        Byte address of each matrix, any alignment, and bytes from a row to the next. C must not
        overlap A or B, nor its own rows.
    a_signed, b_signed : bool
        INT8 or UINT8 operands.
    plan : MatmulPlan
        How to cut it; chosen by `matmul_plan` if not given.

    Raises
    ------
    ValueError
        If the core has no such signs, or a matrix lies beyond its address width.
    """
    if config.signs is Signs.SIGNED and not (a_signed and b_signed):
        raise ValueError("a core with signs = signed multiplies signed operands only")
    matrices = (
        ("a", m, k, Matrix(a_address, a_stride, a_signed)),
        ("b", n, k, Matrix(b_address, b_stride, b_signed)),
        ("c", m, 4 * n, Matrix(c_address, c_stride)),
    )
    for name, rows, size, matrix in matrices:
        end = matrix.address + (rows - 1) * matrix.stride + size
        if matrix.address < 0 or end > 1 << config.axi_address_width:
            raise ValueError(
                f"{name} must lie in {config.axi_address_width} address bits, "
                f"not at {matrix.address:#x} to {end - 1:#x}"
            )
    plan = plan or matmul_plan(config, m, n, k, a_stride, b_stride, c_stride)
    return emit(config, plan, *(matrix for *_, matrix in matrices))
