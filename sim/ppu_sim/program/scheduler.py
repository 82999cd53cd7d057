"""Chooses the plan of a matrix product by the cost model, and makes its program."""

from dataclasses import replace
from functools import lru_cache
from heapq import nsmallest

from ppu.config import Signs

from . import cost
from .matmul import Matrix, emit
from .plan import groups
from .shapes import Strides, rough_cycles, shapes, work

__all__ = ["matmul_plan", "matmul_program"]

#: Shapes that are played through after a first choice by sums of cycles.
_CANDIDATES = 6
#: Of these, the shapes that are improved.
_FINALISTS = 2
#: A plan this close to what its busiest unit needs is not improved any more.
_GOOD_ENOUGH = 1.002
#: Groups of each kind in the smaller product that stands for a large one when it is played.
_STAND_IN_GROUPS = 3
_ORDERS = ("rows", "tiles", "square")


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
    return cycles + max(work(config, plan, strides)) - max(work(config, small, strides))


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
    enough = _GOOD_ENOUGH * max(work(config, plan, strides))
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
    candidates = shapes(config, m, n, k)
    rough = _best(((rough_cycles(config, plan, strides), plan) for plan in candidates), _CANDIDATES)
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
    strides = Strides(a_stride or k, b_stride or k, c_stride or 4 * n)
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
