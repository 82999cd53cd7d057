"""How a matrix product is cut: groups of rows, column tiles and K panels, and their order."""

from dataclasses import dataclass

__all__ = ["MatmulPlan", "groups"]


def groups(total, size):
    """`total` cut into the fewest parts of at most `size`, as equal as can be, the larger first."""
    count = -(-total // size)
    small, more = divmod(total, count)
    return (small + 1,) * more + (small,) * (count - more)


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
    first_parts : tuple of int
        Panels of the parts into which the first step is cut, so that it starts on little data.
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
    first_parts: tuple
    last_block: int
    a_rows: int

    def describe(self):
        """The plan in one line."""
        return (
            f"{self.m} x {self.n} x {self.k}: rows {_runs(self.rows)}, tiles {_runs(self.tiles)}, "
            f"panels {_runs(self.panels)} (first {_runs(self.first_parts)}), "
            f"order {self.order}, A in {self.a_rows} scratchpad rows"
        )


def _runs(sizes):
    runs = []
    for size in sizes:
        if runs and runs[-1][0] == size:
            runs[-1][1] += 1
        else:
            runs.append([size, 1])
    return " ".join(f"{count}*{size}" if count > 1 else str(size) for size, count in runs)
