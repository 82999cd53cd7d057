"""What a command touches, and which older commands it must wait for because of that."""

from functools import reduce
from operator import or_
from typing import NamedTuple

from amaranth.hdl import Const, Value
from amaranth.lib import data
from amaranth.utils import ceil_log2

__all__ = ["BLOCK_BITS", "Conflict", "Footprint", "RangeLayout", "conflicts"]

#: Memory ranges are compared in blocks of this many address bits: 64 bytes. Coarser than bytes, so
#: a command may wait without need, but never the other way round.
BLOCK_BITS = 6


def RangeLayout(width):
    """Rows or blocks `first` to `last`, both included."""
    return data.StructLayout({"first": width, "last": width})


def Footprint(config):
    """Bounding ranges of all that a command touches: of rows and blocks, or if commands start in
    order, of scratchpad banks, with all of the accumulator and all of memory as one.

    `target`: rows that a LOAD writes, of the accumulator if `to_sums`, else of the scratchpad. `a`,
    `b`: scratchpad rows that an EXECUTE reads. `sums`: accumulator rows that an EXECUTE writes or a
    STORE reads; of a LOAD to the accumulator, those of `target` again. `sums_base`: the first of
    them in the last tile of an EXECUTE, or in the last chunk of a STORE. `memory`: blocks that a
    LOAD reads or a STORE writes. `parameters`: a LOAD fills the epilogue's, a STORE uses them;
    which ones does not matter. `late`: a STORE reads other rows than `sums_base` says.
    """
    epilogue = 1 if config.epilogue_lanes else 0
    if config.in_order:
        scratchpad, sums, memory = ceil_log2(config.scratchpad_banks), 0, 0
    else:
        scratchpad, sums = ceil_log2(config.scratchpad_rows), ceil_log2(config.accumulator_rows)
        memory = config.axi_address_width - BLOCK_BITS
    return data.StructLayout({
        "to_sums": 1, "target": RangeLayout(max(scratchpad, sums)),
        "a": RangeLayout(scratchpad), "b": RangeLayout(scratchpad),
        "sums": RangeLayout(sums), "sums_base": sums,
        "memory": RangeLayout(memory), "parameters": epilogue, "late": epilogue,
    })  # fmt: skip


def _overlap(x, y):
    if len(x.first) == 0:
        return Const(1, 1)
    return (x.first <= y.last) & (y.first <= x.last)


def _to_scratchpad(load):
    return ~load.to_sums & ~load.parameters if len(load.parameters) else ~load.to_sums


def _any(*conflicts):
    return reduce(or_, conflicts)


def _share_parameters(younger, older):
    """The same of a LOAD and a STORE for the parameters, as a list to OR with others."""
    return [younger.parameters & older.parameters] if len(younger.parameters) else []


class Conflict(NamedTuple):
    """Whether a command must wait for an older one, one bit each.

    `early`: until the older one releases the rows they share: it has read them, or a STORE reads
    them late enough from now on. `late`: until it is complete. `weights`, part of both: what an
    EXECUTE's weights wait for.
    """

    early: Value | int = 0
    late: Value | int = 0
    weights: Value | int = 0


def conflicts(younger_unit, younger, older_unit, older):
    """The :class:`Conflict` of two commands of different units; those of one unit run in order.

    The same ranges are compared for several units where it can be, which saves comparators.
    """
    match (younger_unit, older_unit):
        case ("load", "execute"):
            reads = _overlap(younger.target, older.a) | _overlap(younger.target, older.b)
            return Conflict(_to_scratchpad(younger) & reads,
                            younger.to_sums & _overlap(younger.sums, older.sums))
        case ("load", "store"):
            return Conflict(younger.to_sums & _overlap(younger.sums, older.sums),
                            _any(_overlap(younger.memory, older.memory),
                                 *_share_parameters(younger, older)))
        case ("execute", "load"):
            weights = _to_scratchpad(older) & _overlap(younger.b, older.target)
            return Conflict(0, _to_scratchpad(older) & _overlap(younger.a, older.target) | weights
                            | older.to_sums & _overlap(younger.sums, older.target), weights)
        case ("execute", "store"):
            return Conflict(_overlap(younger.sums, older.sums))
        case ("store", "load"):
            return Conflict(0, _any(older.to_sums & _overlap(younger.sums, older.target),
                                    _overlap(younger.memory, older.memory),
                                    *_share_parameters(younger, older)))
        case ("store", "execute"):
            # The last tile's rows are updated one a cycle from its first, which the EXECUTE
            # reports; all others were before. A STORE reads row i of a chunk i cycles after its
            # first read or later, and that row is not more than i rows into the last tile, if no
            # chunk begins above the tile. So no read overtakes an update if the first does not.
            if len(younger.sums_base) == 0:
                return Conflict(0, 1)
            follows = younger.sums_base <= older.sums_base
            if len(younger.late):
                follows &= ~younger.late
            sums = _overlap(younger.sums, older.sums)
            return Conflict(sums & follows, sums & ~follows)
    raise ValueError(f"units must be two of load, execute and store, not {younger_unit!r}, "
                     f"{older_unit!r}")  # fmt: skip
