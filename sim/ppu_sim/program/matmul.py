"""Matrix products as programs: a plan's steps in an order that keeps all units at work."""

from .command import Command
from .emitter import Emitter, Placement
from .matrix import Matrix
from .program import Program
from .steps import opening_rows

__all__ = ["Matrix", "Placement", "drafts", "emit"]


def _check(config, plan):
    """Raises ValueError if a plan is not one of its product, or does not fit the memories."""
    tiles, panels = -(-plan.n // config.columns), -(-plan.k // config.row_bytes)
    for name, sizes, total in (
        ("rows", plan.rows, plan.m),
        ("tiles", plan.tiles, tiles),
        ("panels", plan.panels, panels),
    ):
        if sum(sizes) != total or min(sizes) < 1:
            raise ValueError(f"{name} must be positive and add up to {total}, not {sizes!r}")
    blocks = len(plan.rows) * len(plan.tiles)
    if not 1 <= plan.opening <= blocks:
        raise ValueError(
            f"opening must be from 1 to the number of blocks, {blocks}, not {plan.opening}")
    for name, rows, room in (
        ("A", max(plan.rows) * max(plan.panels), plan.a_rows),
        ("B", max(plan.tiles) * config.columns * max(plan.panels),
         config.scratchpad_rows - plan.a_rows),
        ("C", max(plan.rows) * max(plan.tiles), config.accumulator_rows),
        ("C, all that are open,", opening_rows(plan), config.accumulator_rows),
    ):  # fmt: skip
        if rows > room:
            raise ValueError(f"pieces of {name} must have at most {room} rows, not {rows}")


def drafts(config, plan, a, b, c, placement=None):
    """The commands of :func:`emit` as drafts, which is all that an estimate needs."""
    _check(config, plan)
    placement = placement or Placement(config)
    placement.open(plan)
    return Emitter(config, plan, a, b, c, placement).drafts()


def emit(config, plan, a, b, c, placement=None):
    """The program of a plan: LOAD, EXECUTE and STORE commands, without END.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    plan : MatmulPlan
        How the product is cut.
    a, b : Matrix
        A (M x K) and B (N x K) in memory, of 8-bit numbers.
    c : Matrix or Results
        C (M x N) in memory, of INT32 or what the epilogue makes of it. They must not overlap.
    placement : Placement, optional
        What the products before this one have left in the core's memories.

    Raises
    ------
    ValueError
        If the plan does not fit the product or the memories.
    """
    return Program(
        Command.build(kind, **fields) for kind, fields in drafts(config, plan, a, b, c, placement))
