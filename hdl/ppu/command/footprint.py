"""What a command touches, and which older commands it must wait for because of that."""

from amaranth.lib import data

__all__ = ["BLOCK_BITS", "Footprint", "RangeLayout", "conflicts"]

#: Memory ranges are compared in blocks of this many address bits: 64 bytes. Coarser than bytes, so
#: a command may wait without need, but never the other way round.
BLOCK_BITS = 6


def RangeLayout(width):
    """Rows or blocks `first` to `last`, both included, if `valid`."""
    return data.StructLayout({"valid": 1, "first": width, "last": width})


def Footprint(config):
    """Bounding ranges of all that a command touches.

    `a`, `b`: scratchpad rows that an EXECUTE reads; `a` also those that a LOAD writes. `sums`:
    accumulator rows that a LOAD or an EXECUTE writes or a STORE reads. `memory`: blocks that a LOAD
    reads or a STORE writes.
    """
    return data.StructLayout({
        "a": RangeLayout(16), "b": RangeLayout(16), "sums": RangeLayout(16),
        "memory": RangeLayout(config.axi_address_width - BLOCK_BITS),
    })  # fmt: skip


def _overlap(x, y):
    return x.valid & y.valid & (x.first <= y.last) & (y.first <= x.last)


def conflicts(younger_unit, younger, older_unit, older):
    """Whether a command must wait for an older one of another unit: `(early, late)`.

    `early`: until the older one has read the rows they share; `late`: until it is complete.
    Commands of one unit run in order anyway.
    """
    sums = _overlap(younger.sums, older.sums)
    match (younger_unit, older_unit):
        case ("load", "execute"):
            return _overlap(younger.a, older.a) | _overlap(younger.a, older.b), sums
        case ("load", "store"):
            return sums, _overlap(younger.memory, older.memory)
        case ("execute", "load"):
            return 0, _overlap(younger.a, older.a) | _overlap(younger.b, older.a) | sums
        case ("execute", "store"):
            return sums, 0
        case ("store", "load"):
            return 0, sums | _overlap(younger.memory, older.memory)
        case ("store", "execute"):
            return 0, sums
    raise ValueError(f"units must be two of load, execute and store, not {younger_unit!r}, "
                     f"{older_unit!r}")  # fmt: skip
