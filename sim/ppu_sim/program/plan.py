"""How a matrix product is cut: groups of rows, column tiles and K panels, and their order."""

from dataclasses import dataclass
from itertools import accumulate

__all__ = ["MatmulPlan", "firsts", "groups", "ramp"]


def groups(total, size):
    """`total` cut into the fewest parts of at most `size`, as equal as can be, the larger first."""
    count = -(-total // size)
    small, more = divmod(total, count)
    return (small + 1,) * more + (small,) * (count - more)


def firsts(sizes):
    """Where each of some parts begins that lie one behind the other."""
    return [0, *accumulate(sizes)][:-1]


def ramp(total, first, last):
    """`total` in parts that double from `first` on, and halve down to `last` in the end."""
    up, down = [], []
    while total:
        next_up = sum(up) or first
        next_down = sum(down) or last
        if next_up <= next_down:
            up.append(min(next_up, total))
            total -= up[-1]
        else:
            down.append(min(next_down, total))
            total -= down[-1]
    return (*up, *reversed(down))


@dataclass(frozen=True, kw_only=True)
class MatmulPlan:
    """The chosen blocks.

    A *block* is a group of rows times a group of column tiles: it has a place in the accumulator
    until it is stored. A *step* is one group of K panels of a block: one EXECUTE. Its operands are
    *pieces* that stay in the scratchpad as long as the room is not needed, so that a later step may
    find them there.

    Parameters
    ----------
    m, n, k : int
        The product: M x K times (N x K) transposed.
    rows, tiles, panels : tuple of int
        Rows, column tiles and K panels of each group.
    order : str
        "rows": all tile groups for a row group, then the next row group. "tiles": the other way
        round. "square": a row group more and a tile group more in turn, with all that they can be
        combined with; for operands that the scratchpad holds as a whole.
    opening : int
        Blocks at the beginning that are computed side by side, panels by panels, so that the
        operands which come first are used most.
    first_depth, last_depth : int
        The steps of the opening are cut into parts that double, from `first_depth` panels on: they
        start on little data. The last step is cut into parts that halve, down to `last_depth`
        panels: when its last data comes, little is left to do.
    last_block : int
        The last block is computed and stored in parts, halving down to about this many accumulator
        rows, so that little is left to store in the end.
    a_rows : int
        Scratchpad rows for pieces of A, whole banks; those after them are for B.
    """

    m: int
    n: int
    k: int
    rows: tuple
    tiles: tuple
    panels: tuple
    order: str
    opening: int
    first_depth: int
    last_depth: int
    last_block: int
    a_rows: int

    def describe(self):
        """The plan in one line."""
        return (
            f"{self.m} x {self.n} x {self.k}: rows {_runs(self.rows)}, tiles {_runs(self.tiles)}, "
            f"panels {_runs(self.panels)} (first {self.first_depth}, last {self.last_depth}), "
            f"order {self.order}, {self.opening} side by side at first, "
            f"last block in parts of about {self.last_block} rows, "
            f"A in {self.a_rows} scratchpad rows"
        )


def _runs(sizes):
    runs = []
    for size in sizes:
        if runs and runs[-1][0] == size:
            runs[-1][1] += 1
        else:
            runs.append([size, 1])
    return " ".join(f"{count}*{size}" if count > 1 else str(size) for size, count in runs)
